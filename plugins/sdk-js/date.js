// Dates of untyped sources: `YYYY-MM-DD`, `YYYY-MM-DD HH:MM:SS` (or with `T`), and epoch milliseconds.
//
// All texts are wall time of the scheme's zone. Zero dates (`0000-00-00…`) and `0` mean that there is none; anything else
// is unreadable and never guessed at. Zones are fixed offsets: a plugin carries no zone database and knows no clock.

import { trimmed } from "./scalar.js";

const DAY_S = 86_400;

/** Zones without daylight saving: minutes to add to UTC. */
const ZONES = new Map([
  ["Asia/Shanghai", 480],
  ["Asia/Chongqing", 480],
  ["Asia/Harbin", 480],
  ["Asia/Urumqi", 360],
  ["Asia/Hong_Kong", 480],
  ["Asia/Macau", 480],
  ["Asia/Taipei", 480],
  ["Asia/Singapore", 480],
  ["Asia/Kuala_Lumpur", 480],
  ["Asia/Manila", 480],
  ["Asia/Brunei", 480],
  ["Asia/Tokyo", 540],
  ["Asia/Seoul", 540],
  ["Asia/Bangkok", 420],
  ["Asia/Ho_Chi_Minh", 420],
  ["Asia/Jakarta", 420],
  ["Asia/Phnom_Penh", 420],
  ["Asia/Vientiane", 420],
  ["Asia/Kolkata", 330],
  ["Asia/Dubai", 240],
  ["PRC", 480],
  ["UTC", 0],
  ["Etc/UTC", 0],
  ["Z", 0],
]);

const NONE = new Set(["", "0", "0000-00-00", "0000-00-00 00:00:00", "0000-00-00T00:00:00"]);
const WRITTEN = /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:([ T])([0-9]{2}):([0-9]{2}):([0-9]{2}))?$/;
const EPOCH_MS = /^[0-9]{13}$/;
const RFC3339 = /^([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]*)?(Z|z|[+-][0-9]{2}:[0-9]{2})$/;

/** Seconds to add to UTC in a zone, by its name or offset (`+08:00`); `null` for zones with daylight saving. */
export function zoneOffset(name) {
  const minutes = ZONES.get(name);
  return minutes === undefined ? offset(name) : minutes * 60;
}

function offset(text) {
  const parts = /^([+-])([0-9]{2}):([0-9]{2})$/.exec(text);
  if (parts === null || Number(parts[2]) > 14 || Number(parts[3]) > 59) return null;
  return (parts[1] === "-" ? -1 : 1) * (Number(parts[2]) * 3600 + Number(parts[3]) * 60);
}

/** The `date` form of a text: `YYYY-MM-DD`, `null` for no date, `undefined` if it cannot be read. */
export function readDate(written, offsetSeconds) {
  const text = trimmed(written);
  const parts = WRITTEN.exec(text);
  if (parts !== null) return isReal(parts) ? text.slice(0, 10) : none(text);
  if (EPOCH_MS.test(text)) return writeDate(Math.floor(localSeconds(text, offsetSeconds) / DAY_S));
  return none(text);
}

/** The `datetime` form of a text: `YYYY-MM-DD HH:MM:SS`, `null` for no date, `undefined` if it cannot be read. */
export function readDatetime(written, offsetSeconds) {
  const text = trimmed(written);
  const parts = WRITTEN.exec(text);
  if (parts !== null) {
    if (!isReal(parts)) return none(text);
    return parts[4] === undefined ? `${text} 00:00:00` : `${text.slice(0, 10)} ${text.slice(11)}`;
  }
  return EPOCH_MS.test(text) ? writeMoment(localSeconds(text, offsetSeconds)) : none(text);
}

/** The day of an RFC 3339 time in a zone, `YYYY-MM-DD`; `undefined` if it cannot be read. */
export function dateOfRfc3339(text, offsetSeconds) {
  const parts = RFC3339.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second, zone] = parts;
  const from = zone === "Z" || zone === "z" ? 0 : offset(zone);
  if (from === null || !isDay(year, month, day) || !isTime(hour, minute, second)) return undefined;
  const local = secondOfDay(hour, minute, second) - from + offsetSeconds;
  return writeDate(dayNumber(year, month, day) + Math.floor(local / DAY_S));
}

/** The date that many days later (earlier if negative). Throws if `date` is not `YYYY-MM-DD`. */
export function addDays(date, days) {
  const parts = WRITTEN.exec(date);
  if (parts === null || parts[4] !== undefined || !isReal(parts)) throw new TypeError(`not a date: ${date}`);
  return writeDate(dayNumber(parts[1], parts[2], parts[3]) + days);
}

function none(text) {
  return NONE.has(text) ? null : undefined;
}

function isReal(parts) {
  return isDay(parts[1], parts[2], parts[3]) && (parts[4] === undefined || isTime(parts[5], parts[6], parts[7]));
}

function isDay(year, month, day) {
  const y = Number(year);
  const m = Number(month);
  const d = Number(day);
  const leap = y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0);
  const last = m === 2 ? (leap ? 29 : 28) : m === 4 || m === 6 || m === 9 || m === 11 ? 30 : 31;
  return y > 0 && m >= 1 && m <= 12 && d >= 1 && d <= last;
}

function isTime(hour, minute, second) {
  return Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
}

function secondOfDay(hour, minute, second) {
  return Number(hour) * 3600 + Number(minute) * 60 + Number(second);
}

/** Seconds since 1970 as a clock in the zone shows them. Thirteen digits are exact in a JavaScript number. */
function localSeconds(epochMs, offsetSeconds) {
  return Math.floor(Number(epochMs) / 1000) + offsetSeconds;
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar, by eras of 400 years that begin on March 1st. */
function dayNumber(year, month, day) {
  const y = Number(year) - (Number(month) <= 2 ? 1 : 0);
  const era = Math.floor(y / 400);
  const ofEra = y - era * 400;
  const ofYear = Math.floor((153 * ((Number(month) + 9) % 12) + 2) / 5) + Number(day) - 1;
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468;
}

function writeDate(dayNumber) {
  const shifted = dayNumber + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor((ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365);
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
}

function writeMoment(localSeconds) {
  const day = Math.floor(localSeconds / DAY_S);
  const second = localSeconds - day * DAY_S;
  return `${writeDate(day)} ${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`;
}

function two(number) {
  return String(number).padStart(2, "0");
}
