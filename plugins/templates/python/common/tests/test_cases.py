"""Every file in cases/ is a test. `dukou plugin test` runs the same ones against the component."""

from dukou_sdk.testing import case_tests
from plugin import Plugin

Cases = case_tests(Plugin)
