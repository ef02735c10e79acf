// Every file in cases/ is a test. `dukou plugin test` runs the same cases in the sandbox.

import { testCases } from "../dukou-sdk/testing.mjs";
import plugin from "../src/plugin.js";

testCases(plugin, new URL("../cases/", import.meta.url));
