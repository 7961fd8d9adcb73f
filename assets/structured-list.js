/**
 * @typedef {string | number | boolean} Bare
 * @typedef {{ name: string, params: Map<string, Bare> }} Member
 */

const KEY = /[a-z*][a-z0-9_\-.*]*/y;
const TOKEN = /[A-Za-z*][\w!#$%&'*+\-.^`|~:/]*/y;
const STRING = /"((?:[ !#-[\]-~]|\\["\\])*)"/y;
const NUMBER = /-?\d{1,15}(?:\.\d{1,6})?/y;
const BOOLEAN = /\?([01])/y;
const EQUALS = /=/y;
const COMMA = /[ \t]*,[ \t]*/y;
const SEMICOLON = /;[ ]*/y;

/**
 * The members of a List whose items are names with parameters: Cache-Status, and Server-Timing too.
 * RFC 9651 section 4.2: a field with any error in it counts as absent, hence undefined.
 * @param {string} text
 * @returns {Member[] | undefined}
 */
export function parseList(text) {
  const source = text.trim();
  let at = 0;

  /** @param {RegExp} pattern */
  function take(pattern) {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match !== null) at = pattern.lastIndex;
    return match;
  }

  /** @returns {Bare | undefined} */
  function takeValue() {
    const string = take(STRING);
    if (string !== null) return (string[1] ?? "").replace(/\\(.)/g, "$1");
    const boolean = take(BOOLEAN);
    if (boolean !== null) return boolean[1] === "1";
    const number = take(NUMBER);
    if (number !== null) return Number(number[0]);
    return take(TOKEN)?.[0];
  }

  /** @type {Member[]} */
  const members = [];
  while (at < source.length) {
    if (members.length > 0 && take(COMMA) === null) return undefined;
    const name = takeValue();
    if (typeof name !== "string") return undefined;
    const params = new Map();
    while (take(SEMICOLON) !== null) {
      const key = take(KEY)?.[0];
      if (key === undefined) return undefined;
      const value = take(EQUALS) === null ? true : takeValue();
      if (value === undefined) return undefined;
      params.set(key, value);
    }
    members.push({ name, params });
  }
  return members.length === 0 ? undefined : members;
}

/**
 * @param {Member} member
 * @param {string} key
 */
export function numberParam({ params }, key) {
  const value = params.get(key);
  return typeof value === "number" ? value : undefined;
}

/**
 * @param {Member} member
 * @param {string} key
 */
export function stringParam({ params }, key) {
  const value = params.get(key);
  return typeof value === "string" ? value : undefined;
}
