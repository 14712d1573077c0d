-- Acknowledge jobs of the holder ARGV[1] that have ended: id, queue, result (empty: none), its life in ms (0: for ever)
-- and the sets in which the job is counted, one on a line, follow each other. Where that makes room under a limit, all
-- workers are woken.
-- What another worker holds by now is left alone: that delivery answers for itself, and its keys may be of a new life.
-- A key that holds something else than it should is nobody's fault here, and hinders no other acknowledgement. What makes
-- room comes first: a Redis that is full refuses a script whose first write takes more.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function finish(i)
    local id = ARGV[i]
    local holder = redis.pcall('GET', 'arq:in-progress:' .. id)
    if type(holder) == 'string' and holder ~= ARGV[1] then return end
    redis.call('DEL', 'arq:in-progress:' .. id, 'arq:retry:' .. id, 'arq:job:' .. id)
    if ARGV[i + 2] ~= '' and ARGV[i + 3] == '0' then
        redis.call('SET', 'arq:result:' .. id, ARGV[i + 2])
    elseif ARGV[i + 2] ~= '' then
        redis.call('SET', 'arq:result:' .. id, ARGV[i + 2], 'PX', ARGV[i + 3])
    end
    redis.pcall('ZREM', ARGV[i + 1], id)
    redis.pcall('ZREM', 'arq:abort', id)
    for key in string.gmatch(ARGV[i + 4], '[^\n]+') do
        make_room(key, id, ARGV[i + 1], now)
    end
end

for i = 2, #ARGV, 5 do finish(i) end
