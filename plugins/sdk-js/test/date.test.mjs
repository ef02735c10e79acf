// Readable forms of dates, limits of the calendar, zones; as plugins/sdk/src/date.rs has them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { addDays, dateOfRfc3339, readDate, readDatetime, zoneOffset } from "../date.js";

const SHANGHAI = 8 * 3600;

test("every form is read", () => {
  for (const [text, date, datetime] of [
    ["2026-11-05", "2026-11-05", "2026-11-05 00:00:00"],
    ["2026-11-05 23:59:59", "2026-11-05", "2026-11-05 23:59:59"],
    ["2026-11-05T08:00:00", "2026-11-05", "2026-11-05 08:00:00"],
    [" 2026-11-05 ", "2026-11-05", "2026-11-05 00:00:00"],
    ["1700000000000", "2023-11-15", "2023-11-15 06:13:20"],
    ["0000000000000", "1970-01-01", "1970-01-01 08:00:00"],
    ["2024-02-29", "2024-02-29", "2024-02-29 00:00:00"],
  ]) {
    assert.equal(readDate(text, SHANGHAI), date, text);
    assert.equal(readDatetime(text, SHANGHAI), datetime, text);
  }
});

test("zero dates are none", () => {
  for (const text of ["", "0", " 0 ", "0000-00-00", "0000-00-00 00:00:00", "0000-00-00T00:00:00"]) {
    assert.equal(readDate(text, SHANGHAI), null, text);
    assert.equal(readDatetime(text, SHANGHAI), null, text);
  }
});

test("what cannot be read is not guessed at", () => {
  for (const text of [
    "2026/11/05", "2026-11-5", "20261105", "2026-13-01", "2026-02-29", "1900-02-29", "2026-04-31", "0000-01-01", "2026-11-05 24:00:00",
    "2026-11-05 10:00", "2026-11-05 10:00:60", "2026-11-05Z", "2026-11-05 10:00:00.0", "1700000000", "17000000000000", "昨天", "0000-00-00 00:00", "two",
  ]) {
    assert.equal(readDate(text, SHANGHAI), undefined, text);
    assert.equal(readDatetime(text, SHANGHAI), undefined, text);
  }
});

test("epoch milliseconds are told in the zone", () => {
  const newYear = "1767196800000";
  assert.equal(readDatetime(newYear, SHANGHAI), "2026-01-01 00:00:00");
  assert.equal(readDate(newYear, 0), "2025-12-31");
  assert.equal(readDate(newYear, -3600), "2025-12-31");
});

test("times of receipt are told in the zone", () => {
  assert.equal(dateOfRfc3339("2026-11-05T16:00:00Z", SHANGHAI), "2026-11-06");
  assert.equal(dateOfRfc3339("2026-11-05T15:59:59.999Z", SHANGHAI), "2026-11-05");
  assert.equal(dateOfRfc3339("2026-11-05T10:00:00+08:00", SHANGHAI), "2026-11-05");
  assert.equal(dateOfRfc3339("2026-01-01T00:30:00+01:00", 0), "2025-12-31");
  for (const text of ["", "2026-11-05", "2026-11-05T10:00:00", "2026-11-05T25:00:00Z", "2026-11-05T10:00:00+15:00"]) {
    assert.equal(dateOfRfc3339(text, SHANGHAI), undefined, text);
  }
});

test("zones are named or offsets", () => {
  assert.equal(zoneOffset("Asia/Shanghai"), SHANGHAI);
  assert.equal(zoneOffset("Asia/Kolkata"), 19_800);
  assert.equal(zoneOffset("-03:30"), -12_600);
  assert.equal(zoneOffset("Europe/Berlin"), null);
  assert.equal(zoneOffset("+15:00"), null);
});

test("every day of 800 years follows the one before", () => {
  let date = "1999-12-31";
  for (let day = new Date(Date.UTC(2000, 0, 1)); day.getUTCFullYear() < 2800; day.setUTCDate(day.getUTCDate() + 37)) {
    const expected = day.toISOString().slice(0, 10);
    assert.equal(addDays(date, date === "1999-12-31" ? 1 : 37), expected);
    date = expected;
  }
  assert.equal(addDays("2024-03-01", -1), "2024-02-29");
  assert.throws(() => addDays("2026-02-30", 1), TypeError);
});
