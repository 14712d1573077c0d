-- Take a job out of a set in which it was counted, and wake the workers. Where the set counts jobs of a name, the one
-- that stands first in line for a place, and has not been called yet, is due now: see `wait` in claim.lua.
local function make_room(key, id, queue, now)
    redis.pcall('ZREM', key, id)
    redis.call('PUBLISH', 'counterfoil:wake', queue)
    local line, is_name = string.gsub(key, '^counterfoil:running:job:', 'counterfoil:waiting:job:')
    if is_name == 0 then return end
    local gone
    repeat
        gone = 0
        for _, member in ipairs(redis.pcall('ZRANGE', line, 0, 15)) do
            local where, waiting = string.match(member, '^([^\n]*)\n(.*)$')
            local score = where and redis.pcall('ZSCORE', where, waiting)
            if type(score) ~= 'string' then  -- it was cancelled, or wiped
                redis.call('ZREM', line, member)
                gone = gone + 1
            elseif tonumber(score) > now then
                redis.call('ZADD', where, now, waiting)
                redis.call('PUBLISH', 'counterfoil:wake', where)
                return
            end
        end
    until gone == 0
end

