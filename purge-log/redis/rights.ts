import type { Redis } from "ioredis";
import { z } from "zod";
import { JOIN_CHANNEL, LOG_KEY, META_KEY } from "./keys.ts";

/** Every command that we send or that our scripts call, in a form that fits its arguments. docs/redis.md lists the same. */
export const NEEDED_COMMANDS: readonly (readonly [string, ...string[]])[] = [
  ["evalsha", "sha", "0"],
  ["eval", "script", "0"],
  ["time"],
  ["type", LOG_KEY],
  ["info"],
  ["hmget", META_KEY, "field"],
  ["hset", META_KEY, "field", "value"],
  ["hget", META_KEY, "field"],
  ["hdel", META_KEY, "field"],
  ["hgetall", META_KEY],
  ["hlen", META_KEY],
  ["xinfo", "stream", LOG_KEY],
  ["xadd", LOG_KEY, "*", "field", "value"],
  ["xrange", LOG_KEY, "-", "+"],
  ["xread", "STREAMS", LOG_KEY, "0"],
  ["get", META_KEY],
  ["set", META_KEY, "value"],
  ["del", META_KEY],
  ["expire", META_KEY, "1"],
  ["rename", META_KEY, META_KEY],
  ["publish", JOIN_CHANNEL, "text"],
  ["subscribe", JOIN_CHANNEL],
  ["wait", "0", "1"],
  ["select", "0"],
  ["client", "setname", "name"],
];

// Redis checks and does nothing. A server that does not know a command does not let anybody use it.
const CHECK_SCRIPT = `#!lua flags=no-writes,allow-oom,allow-stale
local missing = {}
for index, command in ipairs(cjson.decode(ARGV[1])) do
  local known, allowed = pcall(redis.acl_check_cmd, unpack(command))
  if not (known and allowed) then missing[#missing + 1] = index end
end
return missing
`;

const missingReply = z.array(z.number());

/** The commands that our user may not use, as ACL rules name them. Rejects when there is no answer. */
export async function missingRights(client: Redis): Promise<readonly string[]> {
  try {
    const reply = await client.eval(CHECK_SCRIPT, 0, JSON.stringify(NEEDED_COMMANDS));
    return missingReply.parse(reply).flatMap((index) => {
      const command = NEEDED_COMMANDS[index - 1];
      return command === undefined ? [] : [ruleName(command)];
    });
  } catch (thrown) {
    if (thrown instanceof Error && thrown.message.startsWith("NOPERM")) return ["eval"];
    throw thrown;
  }
}

const WITH_SUBCOMMANDS = ["xinfo", "client"];

/** As an ACL rule names it, such as `xinfo|stream`. */
export function ruleName([command, first = ""]: readonly [string, ...string[]]): string {
  return WITH_SUBCOMMANDS.includes(command) ? `${command}|${first}` : command;
}
