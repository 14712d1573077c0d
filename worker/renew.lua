-- Renew the leases of the holder ARGV[1] for ARGV[2] ms; id, queue and the sets in which the job is counted, one on a
-- line, follow each other.
-- Returns the ids whose lease another worker has taken meanwhile, and those that have none: it has run out, a wipe took
-- it away, or the job has just been acknowledged. Only with 1 as ARGV[3] it is set anew.
-- A key that holds something else than it should hinders no other lease; nor does a Redis that is full, which refuses a
-- script whose first write takes more memory.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lost, gone = {}, {}
redis.call('DEL', 'counterfoil:nothing')  -- a write that takes none
for i = 4, #ARGV, 3 do
    local id, queue = ARGV[i], ARGV[i + 1]
    local holder = redis.pcall('GET', 'arq:in-progress:' .. id)
    if holder and holder ~= ARGV[1] then
        lost[#lost + 1] = id
    elseif not holder and ARGV[3] ~= '1' then
        gone[#gone + 1] = id
    else
        redis.call('SET', 'arq:in-progress:' .. id, ARGV[1], 'PX', ARGV[2])
        local score = redis.pcall('ZSCORE', queue, id)
        if type(score) == 'string' then redis.pcall('ZINCRBY', queue, now + ARGV[2] - score, id) end
        for key in string.gmatch(ARGV[i + 2], '[^\n]+') do redis.pcall('ZADD', key, now + ARGV[2], id) end
    end
end
return {lost, gone}
