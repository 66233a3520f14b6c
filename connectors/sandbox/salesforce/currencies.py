"""A multi-currency org: its currencies, their rates over time, and the currency of every record with money."""

from collections.abc import Mapping

import duckdb

from connectors.sandbox.salesforce.definitions import add_object, make_field
from connectors.sandbox.salesforce.schema import KEY_PREFIXES, OrgSchema
from connectors.sandbox.state import EditError

Given = Mapping[str, object]
_RATE = {"name": "ConversionRate", "type": "double", "precision": 18, "scale": 6}
_CODE = {"name": "IsoCode", "type": "picklist", "length": 255}
CURRENCY_OBJECTS: dict[str, list[dict[str, object]]] = {
    "CurrencyType": [
        _CODE,
        _RATE,
        {"name": "DecimalPlaces", "type": "int"},
        {"name": "IsActive", "type": "boolean"},
        {"name": "IsCorporate", "type": "boolean"},
    ],
    "DatedConversionRate": [
        _CODE,
        {"name": "StartDate", "type": "date"},
        {"name": "NextStartDate", "type": "date"},
        _RATE,
    ],
}
CURRENCIES = """
    CREATE OR REPLACE TEMP TABLE currencies AS
        SELECT unnest($1) AS code, unnest($2)::DECIMAL(18, 6) AS rate, unnest(range(1, len($1) + 1)) AS n
"""
CURRENCY_ROWS = (
    """
    INSERT INTO salesforce."CurrencyType" BY NAME
        SELECT '01Lbm' || lpad(n::VARCHAR, 10, '0') || 'EAA' AS "Id", code AS "IsoCode", rate AS "ConversionRate",
            2 AS "DecimalPlaces", true AS "IsActive", code = $corporate AS "IsCorporate",
            TIMESTAMP '2024-01-01' AS "CreatedDate", TIMESTAMP '2024-01-01' AS "LastModifiedDate",
            TIMESTAMP '2024-01-01' AS "SystemModstamp"
        FROM currencies
""",
    """
    INSERT INTO salesforce."DatedConversionRate" BY NAME
        SELECT '04wbm' || lpad((n * 100 + month)::VARCHAR, 10, '0') || 'EAA' AS "Id", code AS "IsoCode",
            (DATE '2024-04-01' + to_months(month))::DATE AS "StartDate",
            (DATE '2024-05-01' + to_months(month))::DATE AS "NextStartDate",
            if(code = $corporate, 1, rate * (1 + (month % 7 - 3) / 100))::DECIMAL(18, 6) AS "ConversionRate",
            TIMESTAMP '2024-01-01' AS "CreatedDate", TIMESTAMP '2024-01-01' AS "LastModifiedDate",
            TIMESTAMP '2024-01-01' AS "SystemModstamp"
        FROM currencies, (SELECT unnest(range(24))::INTEGER AS month)
""",
)


def enable_currencies(cursor: duckdb.DuckDBPyConnection, given: Given) -> dict[str, object]:
    """A multi-currency org from now on: `rates` {code: rate}, `corporate` code, and every `each`th record in another.

    Rates also go into DatedConversionRate, one for each month of two years.
    """
    rates = given.get("rates", {"EUR": 0.92, "GBP": 0.79})
    corporate, each = str(given.get("corporate", "USD")), given.get("each", 4)
    if not isinstance(rates, Mapping) or not isinstance(each, int):
        raise EditError("rates must be {code: rate} and each a whole number")
    codes = [corporate, *rates]
    for name, fields in CURRENCY_OBJECTS.items():
        prefix = KEY_PREFIXES[name]
        add_object(cursor, {"name": name, "fields": fields, "key_prefix": prefix, "replicateable": False})
    cursor.execute(CURRENCIES, [codes, [str(rate) for rate in (1, *rates.values())]])
    for statement in CURRENCY_ROWS:
        cursor.execute(statement, {"corporate": corporate})
    having = [
        one.name for one in OrgSchema.read(cursor).objects.values() if any(f.type == "currency" for f in one.fields)
    ]
    for name in having:
        definition = {"type": "picklist", "length": 255, "picklist": codes, "custom": False}
        make_field(cursor, name, "CurrencyIsoCode", definition)
        cursor.execute(
            f"""UPDATE salesforce."{name}" SET "CurrencyIsoCode" =
            CASE WHEN hash("Id") % ? = 0 THEN ?[1 + (hash("Id") // 7 % ?)::INTEGER] ELSE ? END""",
            [each, codes, len(codes), corporate],
        )
    return {"objects": having, "currencies": codes}
