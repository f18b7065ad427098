-- Asks for random employees, and says at the end what came.
--
--     wrk ... -s wrk.lua URL -- PATH EMPLOYEES [Accept-Encoding]
--
-- PATH ends where the ID begins; with 0 employees it is asked for as it is.

local requests = {}

function init(args)
    local path, employees, encoding = args[1], tonumber(args[2]), args[3]
    local headers = { ["Host"] = "bench" }

    if encoding and encoding ~= "" then
        headers["Accept-Encoding"] = encoding
    end

    math.randomseed(42)

    for i = 1, 10000 do
        local uri = path

        if employees > 0 then
            uri = path .. string.format("1%07d", math.random(employees))
        end

        requests[i] = wrk.format("GET", uri, headers)

        if employees == 0 then break end
    end
end

local n = 0

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
