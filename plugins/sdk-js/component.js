// What a component exports: the contract's `setup`, and `mapping`, `adjustment` or `validation`.
//
// Only the entry that `build.mjs` writes uses this; it also brings the host's functions, which exist in a component only.

import { instantiate } from "./define.js";
import { bind, log } from "./host.js";

/** Throws, and so fails the build, if the plugin is of another kind than its manifest says. */
export function component(plugin, kind, host) {
  if (plugin?.kind !== kind) {
    const found = plugin?.kind === undefined ? "no default export made by a define function" : `a plugin of the kind ${plugin.kind}`;
    throw new TypeError(`the manifest says ${kind}, and the source has ${found}`);
  }
  bind(host);
  globalThis.console = consoleOf(log);
  takeAway();
  const { configure, ...functions } = instantiate(plugin);
  return { setup: { configure }, functions };
}

/** What would answer with the moment or the luck of the build, for ever: better an error than a date that stands still. */
function takeAway() {
  const none = (what) => () => {
    throw new TypeError(`a plugin has no ${what}; the only time it sees is context.receivedDate()`);
  };
  const noClock = none("clock");
  Math.random = none("randomness");
  globalThis.Date = class extends Date {
    constructor(...parts) {
      super(...(parts.length === 0 ? noClock() : parts));
    }

    static now() {
      return noClock();
    }
  };
}

/** The engine's console writes nowhere in a component; authors' lines belong in the run's report. */
function consoleOf(log) {
  const line = (write) => (...parts) => write(parts.map(String).join(" "));
  const [debug, info, warn, error] = [log.debug, log.info, log.warn, log.error].map(line);
  return { debug, info, warn, error, log: info };
}
