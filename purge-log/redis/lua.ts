import { FARTHEST_EPOCH_US, KEPT_COUNTS } from "../log-limits.ts";
import { CLOCK_RATE_MARGIN, LEASE_MARGIN_MS } from "../membership.ts";

/** The log holds as many marks as this, and one more part that has none yet. */
export const MARKS = 127;

/** Of an edge's counts. A position has 16 digits and some, a count a few; what is cut of the oldest is no count then. */
export const COUNTS_CHARACTERS = KEPT_COUNTS * 32;

/**
 * The head of every script (rule P1). It compares the server's run_id and replication id, the ends of the stream, our
 * record of it and the caller's floor, and opens a new epoch if any of them disagrees, because then history may have
 * been lost. Afterwards `tail` is the last entry, `oldest` the first, and `history` names the time since the last
 * opening. No epoch and no history is ever used twice. An epoch is the microsecond of its opening. Where that has
 * been passed already, because a clock was set back, it lies beyond the highest known epoch by the clock's microseconds,
 * so that two openings with different knowledge do not choose the same number.
 *
 * Rule R1: the table of edges must hold as many rows as we left in it. If it has fewer, an edge that is not named may still serve
 * by its lease; if the server's clock was set back, no age can be told. Then `opened` moves to now: the table proves
 * nothing until a lease has passed.
 *
 * KEYS: the log, its record, the edges, the place aside. ARGV[1]: the floor. `foreignId` is Lua for the id of an
 * entry that a follower cannot pass, or for ''.
 * Numbers go through %.0f: Lua would write a large one with an exponent.
 * `#!lua` lets Redis refuse the whole script (read-only, out of memory, disk error) before it begins.
 */
const verifying = (foreignId: string) => `#!lua
local foreign = ${foreignId}
local LOG, META, EDGES, ASIDE = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local now = redis.call('TIME')
local micros = tonumber(now[2])
local now_us = now[1] * 1000000 + micros
local now_ms = string.format('%.0f', math.floor(now_us / 1000))

local function parse(id)
  local epoch, seq = string.match(id or '', '^(%d+)%-(%d+)$')
  if not epoch or #epoch > 16 or #seq > 15 then return nil end
  epoch, seq = tonumber(epoch), tonumber(seq)
  if epoch > now_us + ${FARTHEST_EPOCH_US} then return nil end
  return { epoch = epoch, seq = seq }
end

local function after(a, b)
  return a.epoch > b.epoch or (a.epoch == b.epoch and a.seq > b.seq)
end

local floor = parse(ARGV[1])
if not floor then return redis.error_reply('FUTURE position ' .. ARGV[1] .. ' is from the far future') end

local function kind(key) return redis.call('TYPE', key).ok end
local log_kind, meta_kind, edges_kind = kind(LOG), kind(META), kind(EDGES)
local info = redis.call('INFO', 'server', 'replication')
local run_id = string.match(info, 'run_id:(%w+)')
-- Another one with every promotion and every copy of another server's data: both can lack what was accepted here.
local replid = string.match(info, 'master_replid:(%w+)')

local record = {}
if meta_kind == 'hash' then record = redis.call('HMGET', META, 'run_id', 'last', 'opened', 'history', 'replid', 'rows') end
local tail, last, opened, history = record[2], parse(record[2]), record[3], record[4]
local rows = edges_kind == 'hash' and redis.call('HLEN', EDGES) or 0

local oldest, newest, generated
if log_kind == 'stream' then
  local info = redis.call('XINFO', 'STREAM', LOG)
  for i = 1, #info, 2 do
    local value = info[i + 1]
    if info[i] == 'last-generated-id' then generated = value end
    if info[i] == 'first-entry' and value then oldest = value[1] end
    if info[i] == 'last-entry' and value then newest = value[1] end
  end
end

local doubt, strange
if log_kind == 'none' then doubt = last and 'the log is gone' or 'the log is new'
elseif log_kind ~= 'stream' then doubt = 'a ' .. log_kind .. ' stood in the place of the log'
elseif not last or not tonumber(opened or '') or not history then doubt = 'the record of the log is gone'
elseif record[1] ~= run_id then doubt = 'the server restarted'
elseif record[5] ~= replid then doubt = 'the server was promoted, or took over the data of another'
elseif generated ~= tail then doubt = 'the log ends at ' .. generated .. ', not at ' .. tail
elseif newest ~= tail then doubt = 'the last entry ' .. tail .. ' is gone'
elseif edges_kind ~= 'hash' and edges_kind ~= 'none' then doubt = 'a ' .. edges_kind .. ' stood in the place of the edges'
elseif oldest and not parse(oldest) then doubt, strange = 'the entry ' .. oldest .. ' cannot be followed', true
elseif foreign ~= '' and #redis.call('XRANGE', LOG, foreign, foreign) > 0 then
  doubt, strange = 'the entry ' .. foreign .. ' cannot be followed', true
elseif after(floor, last) then doubt = ARGV[1] .. ' was seen and the log ends at ' .. tail
end

if doubt then
  local top = parse(generated)
  if log_kind ~= 'none' and (strange or not top) then
    redis.call('RENAME', LOG, ASIDE)
    redis.call('EXPIRE', ASIDE, 86400)
    oldest = nil
  end
  if meta_kind ~= 'hash' then redis.call('DEL', META) end
  if edges_kind ~= 'hash' then redis.call('DEL', EDGES) end
  local passed = math.max(floor.epoch, last and last.epoch or 0, top and top.epoch or 0)
  local epoch = math.max(now_us, passed + micros) + 1
  tail = redis.call('XADD', LOG, string.format('%.0f-0', epoch), 'barrier', doubt)
  oldest, opened = oldest or tail, now_ms
  history = run_id .. '-' .. now[1] .. '.' .. now[2]
  redis.call('HSET', META, 'run_id', run_id, 'replid', replid, 'last', tail, 'opened', opened, 'history', history, 'rows', rows)
else
  local counted = tonumber(record[6] or '')
  if rows < (counted or 1) or tonumber(opened) > tonumber(now_ms) then
    opened = now_ms
    redis.call('HSET', META, 'opened', opened)
  end
  if rows ~= counted then redis.call('HSET', META, 'rows', rows) end
end
`;

const VERIFY = verifying("''");

/** ARGV: the floor, the id of an entry that cannot be passed or nothing. Answers the tail. Safe to send at any time. */
export const VERIFY_SCRIPT = `${verifying("ARGV[2]")}
return tail
`;

/**
 * The log is bounded by bytes too. Nothing has to be read for that: a mark is the last entry of about a hundredth of what is
 * kept, and with each new mark everything up to the oldest one goes. Entries that others trim do no harm: what was
 * written last is always kept. The marks are of the same record as `last`, so none is behind the log's end.
 */
const BOUNDING = `
local sizes = redis.call('HMGET', META, 'marks', 'unmarked')
local marks, unmarked = sizes[1] or '', tonumber(sizes[2] or '') or 0
local function pushed_out_by(bytes, kept_entries, mark_bytes)
  unmarked = unmarked + bytes
  if unmarked <= tonumber(mark_bytes) then return 'MAXLEN', '~', kept_entries end
  marks, unmarked = marks .. tail .. ' ', bytes
  local _, count = string.gsub(marks, ' ', '')
  if count <= ${MARKS} then return 'MAXLEN', '~', kept_entries end
  local first, others = string.match(marks, '^(%S*) (.*)$')
  marks = others
  local gone = parse(first)
  if not gone or after(gone, parse(tail)) then return 'MAXLEN', '~', kept_entries end
  return 'MINID', '=', string.format('%.0f-%.0f', gone.epoch, gone.seq + 1)
end
`;

/**
 * KEYS[5] and on: the purges' own keys. ARGV: floor, ms to know them again, entries to keep, bytes a mark, and of each
 * purge its JSON and its digest. Answers the history, and for each purge where it stands, already or from now on; or nothing when its
 * id stands for another purge (rule P2). A purge's own key holds its position and digest. A value that we did not write
 * is ignored.
 */
export const PUBLISH_SCRIPT = `${VERIFY}${BOUNDING}
local epoch = string.match(tail, '^%d+')
local answer = { history }
for i = 5, #KEYS do
  local json, digest = ARGV[2 * i - 5], ARGV[2 * i - 4]
  local known = redis.pcall('GET', KEYS[i])
  local position, bound = string.match(type(known) == 'string' and known or '', '^(%d+%-%d+) ?(%x*)$')
  if not parse(position) then
    local by, how, limit = pushed_out_by(#json, ARGV[3], ARGV[4])
    position, bound = redis.call('XADD', LOG, by, how, limit, epoch .. '-*', 'purge', json), digest
    redis.call('SET', KEYS[i], position .. ' ' .. digest, 'PX', ARGV[2])
    tail = position
  end
  answer[#answer + 1] = (bound == digest or bound == '') and position or ''
end
redis.call('HSET', META, 'last', tail, 'marks', marks, 'unmarked', unmarked)
return answer
`;

/**
 * `boot` of a row of the table of edges, how old its heartbeat is as far as that can be believed, and the milliseconds
 * until its lease has surely run out. A row that no edge wrote has none of them. Rule R3: a row from the future
 * was written before the server's clock was set back. It counts from now on, so that nobody waits for that time to come
 * again.
 */
const ROW = `
local now = tonumber(now_ms)
local function beaten_of(edge, cell)
  local beaten_ms, rest = string.match(cell, '^(%d+)( .*)$')
  if beaten_ms and tonumber(beaten_ms) > now then
    cell = now_ms .. rest
    redis.call('HSET', EDGES, edge, cell)
    return now, rest, cell
  end
  return tonumber(beaten_ms or ''), rest, cell
end

local function row_of(edge, cell, believed_ms)
  local beaten, rest = beaten_of(edge, cell)
  local read, beat = pcall(cjson.decode, rest or '')
  if not read or type(beat) ~= 'table' or type(beat.leaseMs) ~= 'number' then return {} end
  local age_ms = math.min(now - beaten, now - tonumber(opened), believed_ms or math.huge)
  local left_ms = beat.leaseMs * ${CLOCK_RATE_MARGIN} + ${LEASE_MARGIN_MS} - age_ms
  return { boot = beat.bootId, age_ms = age_ms, left_ms = left_ms }
end
`;

const REMOVE = `
local function remove(edge)
  if kind(KEYS[5]) == 'hash' then redis.call('HDEL', KEYS[5], edge) end
  redis.call('HSET', META, 'rows', rows - redis.call('HDEL', EDGES, edge))
end
`;

/**
 * Rule R5. KEYS[5]: the counts. ARGV: the floor, the edge's id, the largest age of a heartbeat that the caller believes, in ms. Removes the edge only
 * when its lease has surely run out, so that no heartbeat can come between the decision and the act. Answers what
 * became of it, with the ms of lease that are left and the age of the heartbeat.
 */
export const FORGET_SCRIPT = `${VERIFY}${ROW}${REMOVE}
local cell = redis.call('HGET', EDGES, ARGV[2])
if not cell then return { 'unknown', '0', '0' } end
local row = row_of(ARGV[2], cell, tonumber(ARGV[3]))
local age = string.format('%.0f', row.age_ms or 0)
if row.left_ms and row.left_ms > 0 then return { 'serving', string.format('%.0f', math.ceil(row.left_ms)), age } end
remove(ARGV[2])
return { 'forgotten', '0', age }
`;

/** KEYS[5]: the counts. ARGV: the floor, the edge's id, its boot. Removes the edge, which serves no more, unless another boot has its id. */
export const LEAVE_SCRIPT = `${VERIFY}${ROW}${REMOVE}
if row_of(ARGV[2], redis.call('HGET', EDGES, ARGV[2]) or '').boot == ARGV[3] then remove(ARGV[2]) end
return tail
`;

/**
 * KEYS[5]: the counts. ARGV: the edge's position, its id, the heartbeat as JSON, the channel of joins, its boot, '1' if
 * the edge has seen that the server's clock was set, and what its purges removed since it last said so. Answers the history, tail, oldest and the server's milliseconds; or the boot that has this id
 * and may still serve by its lease, and then it writes no row.
 *
 * It writes every time, so that a primary which has lost its majority or its disk cannot confirm a lease. It tells others
 * only at the first heartbeat of a boot, and does so before it writes. Where Redis forbids that, the script ends there, and no
 * row looks alive whose edge never gets a lease. A row with the words of the same boot need not be decoded, which would cost more than
 * all the rest.
 */
export const HEARTBEAT_SCRIPT = `${VERIFY}${ROW}
if ARGV[6] == '1' then
  opened = now_ms
  redis.call('HSET', META, 'opened', opened)
end
local cell = redis.call('HGET', EDGES, ARGV[2]) or ''
if not string.find(cell, '"bootId":"' .. ARGV[5] .. '"', 1, true) then
  local row = row_of(ARGV[2], cell)
  if row.boot and row.boot ~= ARGV[5] and row.left_ms > 0 then return tostring(row.boot) end
  redis.call('PUBLISH', ARGV[4], ARGV[3])
end
if redis.call('HSET', EDGES, ARGV[2], now_ms .. ' ' .. ARGV[3]) == 1 then redis.call('HSET', META, 'rows', rows + 1) end
if ARGV[7] ~= '' then
  local counts_kind = kind(KEYS[5])
  if counts_kind ~= 'hash' and counts_kind ~= 'none' then redis.call('DEL', KEYS[5]) end
  local known = redis.call('HGET', KEYS[5], ARGV[2]) or ''
  redis.call('HSET', KEYS[5], ARGV[2], string.sub(ARGV[7] .. known, 1, ${COUNTS_CHARACTERS}))
end
return { history, tail, oldest, now_ms }
`;

/** Answers the server's milliseconds now, those since which the table has lost nothing, the history, and the table. */
export const MEMBERS_SCRIPT = `${VERIFY}${ROW}
local cells = redis.call('HGETALL', EDGES)
for i = 1, #cells, 2 do
  local _, _, cell = beaten_of(cells[i], cells[i + 1])
  cells[i + 1] = cell
end
return { now_ms, opened, history, cells }
`;
