"""Tests of the SDK itself; they need no packages and no bindings."""
