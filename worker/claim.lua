-- Claim up to ARGV[1] due jobs of the queue KEYS[1] for ARGV[2] ms, in the name of the holder ARGV[3].
-- ARGV[4]: seconds for which the count of deliveries is kept. ARGV[5]: how many of the queue may run in all workers (0:
-- any number); name and limit of jobs that are limited follow.
-- A claimed job's score moves to the end of its lease: it leaves the ready window, and comes back by itself if its
-- worker dies. ZINCRBY with the score at hand sets it absolutely; it fires no `zadd` event, so that nobody is woken.
-- Whatever anybody has put under arq's keys hinders no other job: what is no count, no payload or no set is replaced.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local free, lease, queue_limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[5])
local most_put_off, put_off = 1000, 0

-- Forget what of a sorted set is over; a key that holds something else is removed. What takes memory away is written
-- first: a Redis that is full refuses a script whose first write takes more, and only the claimed jobs make room.
local function forget(key, to)
    if type(redis.pcall('ZREMRANGEBYSCORE', key, '-inf', to)) == 'table' then redis.call('DEL', key) end
end
forget('arq:abort', now - 86400000)  -- of jobs that nobody runs

-- The payload; false where there is none, or something that is no text.
local function payload_of(id)
    local found = redis.pcall('GET', 'arq:job:' .. id)
    return type(found) == 'string' and found
end

-- Number of this delivery; a count that is no number, or the last one, begins anew.
local function count(key)
    local try = redis.pcall('INCR', key)
    if type(try) == 'table' then
        redis.call('SET', key, 1)
        try = 1
    end
    redis.call('EXPIRE', key, ARGV[4])
    return try
end

-- Set a score; what is infinite cannot be moved by a difference.
local function move(id, score, to)
    if type(redis.pcall('ZINCRBY', KEYS[1], to - score, id)) == 'table' then redis.call('ZADD', KEYS[1], to, id) end
end

local job_limits = {}
for i = 6, #ARGV, 2 do job_limits[ARGV[i]] = tonumber(ARGV[i + 1]) end

local function room(key, limit)
    forget(key, now)  -- their leases have run out
    return limit - redis.call('ZCARD', key)
end

-- The set in which a job of a limited name is counted. The name is the second entry of arq's message, before anything
-- that a sender can make long.
local function limited(payload)
    if #ARGV == 5 or not payload then return nil end
    local name = string.match(string.sub(payload, 1, 400), '"f"%s*:%s*"([^"]+)"')
    if name and job_limits[name] then return 'counterfoil:running:job:' .. name, job_limits[name] end
end

-- The line in which jobs of a limited name wait for a place in their set.
local function line_of(counted)
    return (string.gsub(counted, '^counterfoil:running:', 'counterfoil:waiting:'))
end

local queue_key = 'counterfoil:running:queue:' .. KEYS[1]
local is_full = false
if queue_limit > 0 then
    local left = room(queue_key, queue_limit)
    is_full = left <= free
    free = math.min(free, left)
end

local function claim(id, score, payload, counted)
    move(id, score, now + lease)
    local try = count('arq:retry:' .. id)
    local abort = redis.call('ZSCORE', 'arq:abort', id)
    redis.call('ZREM', 'arq:abort', id)
    local sets = {}
    if counted then
        sets[1] = counted
        redis.pcall('ZREM', line_of(counted), KEYS[1] .. '\n' .. id)
    end
    if queue_limit > 0 then sets[#sets + 1] = queue_key end
    for _, key in ipairs(sets) do redis.call('ZADD', key, now + lease, id) end
    return {id, payload, try, score, table.concat(sets, '\n'), abort}
end

-- Put a job off that has no place, so that it is not in the way of others; it stands in line for one, and is due when it
-- is its turn. By itself it comes back later than the lease of any that runs, two for every ms and all of a second at
-- once: however many wait, workers are woken for them once a second at most.
local function wait(id, score, line)
    put_off = put_off + 1
    if type(redis.pcall('ZADD', line, 'NX', score, KEYS[1] .. '\n' .. id)) == 'table' then redis.call('DEL', line) end
    redis.call('EXPIRE', line, ARGV[4])
    local back = now + lease + redis.call('ZCARD', line) / 2
    move(id, score, math.ceil(back / 1000) * 1000)
end

local claimed, start = {}, 0
while #claimed < free and put_off < most_put_off do
    local page = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', start, free + 32)
    if #page == 0 then break end
    for i = 1, #page, 2 do
        local id, score = page[i], page[i + 1]
        if #claimed == free then break end
        local key = 'arq:in-progress:' .. id
        local payload = payload_of(id)
        local counted, limit = limited(payload)
        if counted and redis.call('EXISTS', key) == 0 and room(counted, limit) <= 0 then
            wait(id, score, line_of(counted))
        elseif redis.call('SET', key, ARGV[3], 'NX', 'PX', lease) then
            claimed[#claimed + 1] = claim(id, score, payload, counted)
        else
            start = start + 1  -- a stock worker runs it, and leaves its score where it is
        end
    end
end
local following = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
local due = following[2] and following[2] - now or false
if put_off == most_put_off then due = 0 end
if is_full and redis.call('ZCOUNT', KEYS[1], '-inf', now) > 0 then
    -- What waits is due when the first lease ends, at the latest; a burst would not wait for it otherwise.
    local first = redis.call('ZRANGE', queue_key, 0, 0, 'WITHSCORES')[2]
    if first then due = math.min(due or math.huge, first - now) end
end
return {claimed, due, redis.call('ZRANGE', 'arq:abort', 0, -1)}
