-- Have the workers that hold these jobs (the ids in ARGV) under lease stop them; returns how many are held.
-- At once: between the question and the wish, the job may have ended, and its id would rest among the aborts.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = 0
for _, id in ipairs(ARGV) do
    if redis.call('EXISTS', 'arq:in-progress:' .. id) == 1 then
        redis.call('ZADD', 'arq:abort', now, id)
        held = held + 1
    end
end
return held
