"""The SOQL that the sandbox reads, as a grammar. AND and OR do not mix without parentheses, as in Salesforce."""

GRAMMAR = r"""
start: "SELECT"i select "FROM"i NAME [where] [group] [order] [limit] [offset] ["FOR"i ("VIEW"i | "REFERENCE"i)]
?select: count_rows | items
count_rows: COUNT "(" ")"
items: _item ("," _item)*
_item: path | function | field_set | subquery
function: (COUNT | NAME) "(" path ")" [NAME]
field_set: "FIELDS"i "(" NAME ")"
subquery: "(" start ")"
path: NAME ("." NAME)*

where: "WHERE"i _condition
_condition: and_ | or_ | _term
and_: _term ("AND"i _term)+
or_: _term ("OR"i _term)+
_term: not_ | _primary
not_: "NOT"i _primary
_primary: "(" _condition ")" | comparison | like | in_ | not_in
comparison: path OPERATOR _value
like: path "LIKE"i STRING
in_: path "IN"i "(" _value ("," _value)* ")"
not_in: path "NOT"i "IN"i "(" _value ("," _value)* ")"
_value: STRING | DATETIME | DATE | NUMBER | BOOLEAN | NULL | day_range
day_range: NAME [":" INTEGER]

group: "GROUP"i "BY"i path ("," path)*
order: "ORDER"i "BY"i ordering ("," ordering)*
ordering: path [DIRECTION] ["NULLS"i NULLS]
limit: "LIMIT"i INTEGER
offset: "OFFSET"i INTEGER

COUNT: "COUNT"i
DIRECTION: "ASC"i | "DESC"i
NULLS: "FIRST"i | "LAST"i
BOOLEAN.2: /(TRUE|FALSE)\b/i
NULL: "NULL"i
OPERATOR: "!=" | "<>" | "<=" | ">=" | "=" | "<" | ">"
STRING: /'(\\.|[^'\\])*'/s
DATETIME.3: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)/i
DATE.2: /\d{4}-\d\d-\d\d/
INTEGER: /\d+/
NUMBER.1: /[+-]?\d+(\.\d+)?(E[+-]?\d+)?/i
NAME: /[A-Z_][A-Z0-9_]*/i
%ignore /\s+/
"""
