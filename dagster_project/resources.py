"""What assets work with: the warehouse file, the connected CRMs and the dbt command line."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from connectors.hubspot.extract import connect as connect_hubspot
from connectors.landing import Lease, LandingLog
from connectors.salesforce.extract import connect as connect_salesforce
from connectors.sandbox.process import RunningSandbox, start_sandbox
from connectors.sandbox.state import Credentials
from connectors.sandbox.world import World
from connectors.sync import Connector, SyncListener
from dagster_project.settings import Settings, read_settings
