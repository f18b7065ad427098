-- Asks for random employees, and says at the end what came.
--
--     wrk ... -s wrk.lua URL -- PATH EMPLOYEES ENCODING

local requests = {}
local n = 0

function init(args)
    local headers = { ["Host"] = "bench", ["Accept-Encoding"] = args[3] }

    math.randomseed(42)

    for i = 1, 10000 do
        local id = string.format("1%07d", math.random(tonumber(args[2])))
        requests[i] = wrk.format("GET", args[1] .. id, headers)
    end
end

function request()
    n = n % #requests + 1
    return requests[n]
end

function done(summary)
    local e = summary.errors
    io.write(string.format("bench requests=%d us=%d bytes=%d failed=%d\n",
        summary.requests, summary.duration, summary.bytes,
        e.connect + e.read + e.write + e.status + e.timeout))
end
