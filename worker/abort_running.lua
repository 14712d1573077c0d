-- Have the workers that hold these jobs under lease stop them, and leave it to an operator for ARGV[1] ms to say in the
-- job table that they are cancelled; their ids follow. Returns how many are held.
-- At once: between the question and the wish, a job may have ended, and its id would rest among the aborts.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = 0
for i = 2, #ARGV do
    local id = ARGV[i]
    if redis.call('EXISTS', 'arq:in-progress:' .. id) == 1 then
        redis.call('SET', 'counterfoil:cancelling:' .. id, '1', 'PX', ARGV[1])
        redis.call('ZADD', 'arq:abort', now, id)
        held = held + 1
    end
end
return held
