-- Put deliveries of the holder ARGV[1] back that are to be tried again: id, queue, delay in ms, 1 for one that is to be
-- taken off arq's count of deliveries, and the sets in which the job is counted, one on a line, follow each other.
-- What was wiped, or is another worker's by now, is left alone: the relay's sweep sends what is lost. So is a key that
-- holds something else than it should: it hinders no other delivery.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 2, #ARGV, 5 do
    local id, queue = ARGV[i], ARGV[i + 1]
    -- Also where the lease was lost, which is no worker's death; a wipe, or the job's end, may have taken the count.
    if ARGV[i + 3] == '1' and redis.call('EXISTS', 'arq:retry:' .. id) == 1 then
        redis.pcall('DECR', 'arq:retry:' .. id)
    end
    if redis.pcall('GET', 'arq:in-progress:' .. id) == ARGV[1] then
        redis.call('DEL', 'arq:in-progress:' .. id)
        for key in string.gmatch(ARGV[i + 4], '[^\n]+') do
            make_room(key, id, queue, now)
        end
        local score = redis.pcall('ZSCORE', queue, id)
        if redis.call('EXISTS', 'arq:job:' .. id) == 1 and type(score) == 'string' then
            redis.call('ZADD', queue, now + ARGV[i + 2], id)
        end
    end
end
