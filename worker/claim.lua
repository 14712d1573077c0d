-- Claim up to ARGV[1] due jobs of the queue KEYS[1] for ARGV[2] ms, in the name of the holder ARGV[3].
-- A claimed job's score moves to the end of its lease: it leaves the ready window, and comes back by itself if its
-- worker dies. ZINCRBY with the score at hand sets it absolutely; it fires no `zadd` event, so that nobody is woken.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local free, lease = tonumber(ARGV[1]), tonumber(ARGV[2])
local claimed, start = {}, 0
while #claimed < free do
    local page = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', start, free + 32)
    if #page == 0 then break end
    for i = 1, #page, 2 do
        local id, score = page[i], tonumber(page[i + 1])
        if #claimed == free then
            break
        elseif redis.call('SET', 'arq:in-progress:' .. id, ARGV[3], 'NX', 'PX', lease) then
            redis.call('ZINCRBY', KEYS[1], now + lease - score, id)
            local try = redis.call('INCR', 'arq:retry:' .. id)
            redis.call('EXPIRE', 'arq:retry:' .. id, ARGV[4])
            local abort = redis.call('ZSCORE', 'arq:abort', id)
            redis.call('ZREM', 'arq:abort', id)
            claimed[#claimed + 1] = {id, redis.call('GET', 'arq:job:' .. id), try, page[i + 1], abort}
        else
            start = start + 1  -- a stock worker runs it, and leaves its score where it is
        end
    end
end
local following = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
redis.call('ZREMRANGEBYSCORE', 'arq:abort', '-inf', now - 86400000)  -- of jobs that nobody runs
return {claimed, following[2] and following[2] - now or false, redis.call('ZRANGE', 'arq:abort', 0, -1)}
