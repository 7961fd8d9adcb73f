import type { z } from "zod";
import { text, type ValueType } from "./values.ts";

/** One setting: a flag, an environment variable and a key of the configuration file. */
export interface Setting<T> {
  readonly type: ValueType<T>;
  readonly default?: T;
  readonly required?: true;
  /** One sentence: meaning, unit, what zero means. */
  readonly help: string;
}

/** A part of the configuration file that is too large for a flag. */
export interface Section<T> {
  readonly schema: z.ZodType<T>;
  readonly help: string;
}

/** By camelCase name: `grpcPort` is `--grpc-port`, `EDGE_GRPC_PORT` and `grpc-port:`. */
export interface Settings {
  readonly [key: string]: Setting<unknown> | Section<unknown>;
}

export interface Program<S extends Settings> {
  /** Also the prefix of its environment variables: "edge" reads EDGE_PORT. */
  readonly name: string;
  /** How it is called: "npm run edge --". */
  readonly usage: string;
  readonly summary: string;
  readonly settings: S;
}

/** The values that were read. An optional setting without default may be undefined, and so may a section. */
export type Values<S extends Settings> = { readonly [K in keyof S]: Value<S[K]> };

type Value<E> =
  E extends Section<infer T>
    ? T | undefined
    : E extends Setting<infer T>
      ? E extends { readonly default: unknown } | { readonly required: true }
        ? T
        : T | undefined
      : never;

/** Where settings come from. */
export interface SettingsInput {
  /** Without the program's own name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
  /** Takes one line for each setting that is allowed but unwise. */
  readonly warn?: (line: string) => void;
}

/** Declares one setting and keeps its value type. */
export function setting<T>(entry: { type: ValueType<T>; default: NoInfer<T>; help: string }): {
  readonly type: ValueType<T>;
  readonly default: T;
  readonly help: string;
};
export function setting<T>(entry: { type: ValueType<T>; required: true; help: string }): {
  readonly type: ValueType<T>;
  readonly required: true;
  readonly help: string;
};
export function setting<T>(entry: { type: ValueType<T>; help: string }): {
  readonly type: ValueType<T>;
  readonly help: string;
};
export function setting<T>(entry: Setting<T>): Setting<T> {
  return entry;
}

/** The value of --config. */
export const configFile = text("the path of a YAML file");

/** Whether it is a part of the file only. */
export function isSection(entry: Setting<unknown> | Section<unknown>): entry is Section<unknown> {
  return "schema" in entry;
}

/** `grpcPort` as it stands in a flag and in the file: `grpc-port`. */
export function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The environment variable of a setting: `EDGE_GRPC_PORT`. */
export function variableName(program: string, key: string): string {
  return `${program}_${kebab(key)}`.toUpperCase().replaceAll("-", "_");
}
