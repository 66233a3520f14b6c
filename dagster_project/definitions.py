"""Everything Dagster loads: assets, checks, jobs, schedule and resources. No logic here."""

import dagster as dg

from dagster_project.assets.coverage import meta_coverage
from dagster_project.assets.dbt import PROJECT, conformed_tables, marts
from dagster_project.assets.hubspot import hubspot
from dagster_project.assets.published import published_crm
from dagster_project.assets.quality import stage_definition_findings
from dagster_project.assets.salesforce import salesforce
from dagster_project.dbt_project import dbt_resource
from dagster_project.jobs import JOBS, nightly_schedule
from dagster_project.resources import Crms, WarehouseFile
from dagster_project.settings import read_time_zone

defs = dg.Definitions(
    assets=[salesforce, hubspot, meta_coverage, conformed_tables, stage_definition_findings, marts, published_crm],
    jobs=JOBS,
    schedules=[nightly_schedule(read_time_zone())],
    resources={"crms": Crms(), "warehouse": WarehouseFile(), "dbt": dbt_resource(PROJECT)},
)
