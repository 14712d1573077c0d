-- Look at each queue of KEYS, by Redis's own clock: how many jobs are due and not claimed, how many have a later time
-- (deferred, to be tried again, or claimed: until the end of the lease), and for how many ms the oldest has been due.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {}
for i, queue in ipairs(KEYS) do
    found[i] = {0, 0, 0}
    if redis.call('TYPE', queue).ok == 'zset' then  -- a sender may name a key that is something else
        local due = redis.call('ZCOUNT', queue, '-inf', now)
        local oldest = redis.call('ZRANGEBYSCORE', queue, '-inf', now, 'WITHSCORES', 'LIMIT', 0, 1)
        found[i] = {due, redis.call('ZCARD', queue) - due, oldest[2] and math.floor(now - oldest[2]) or 0}
    end
end
return found
