-- Acknowledge jobs that have ended: id, queue, result (empty: none) and its life in ms (0: for ever) follow each other.
for i = 1, #ARGV, 4 do
    local id = ARGV[i]
    if ARGV[i + 2] ~= '' and ARGV[i + 3] == '0' then
        redis.call('SET', 'arq:result:' .. id, ARGV[i + 2])
    elseif ARGV[i + 2] ~= '' then
        redis.call('SET', 'arq:result:' .. id, ARGV[i + 2], 'PX', ARGV[i + 3])
    end
    redis.call('DEL', 'arq:in-progress:' .. id, 'arq:retry:' .. id, 'arq:job:' .. id)
    redis.call('ZREM', ARGV[i + 1], id)
    redis.call('ZREM', 'arq:abort', id)
end
