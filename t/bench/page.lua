-- The same page by OpenResty's Lua module: the template is split once, the
-- connections to Redis are kept, and the values are escaped.

local redis = require "nginx.redis"

local page = {}
local gsub, find = string.gsub, string.find
local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
                   ['"'] = "&quot;", ["'"] = "&#39;" }
local parts, fields, names, host, port = {}, {}, {}

function page.init(file, redis_host, redis_port)
    local source = assert(io.open(file)):read("*a")
    local index, from = {}, 1

    host, port = redis_host, redis_port

    for at, name, to in source:gmatch("(){{(%w+[%w_]*)}}()") do
        if not index[name] then
            names[#names + 1] = name
            index[name] = #names
        end

        parts[#parts + 1] = source:sub(from, at - 1)
        fields[#fields + 1] = index[name]
        from = to
    end

    parts[#parts + 1] = source:sub(from)
end

local function escape(value)
    if value == ngx.null then return "" end
    if not find(value, "[&<>\"']") then return value end
    return (gsub(value, "[&<>\"']", entities))
end

function page.serve()
    local id = ngx.var.arg_id

    if not id or not find(id, "^[%w._@-]+$") or #id > 64 then
        return ngx.exit(400)
    end

    local r = redis:new()
    r:set_timeout(60000)

    local values = r:connect(host, port)
                   and r:hmget("employee:" .. id, unpack(names))
    if not values then return ngx.exit(503) end

    r:set_keepalive(60000, 100)

    if values[1] == ngx.null then return ngx.exit(404) end

    for i = 1, #values do
        values[i] = escape(values[i])
    end

    local out, length = { parts[1] }, #parts[1]

    for i = 1, #fields do
        local value, part = values[fields[i]], parts[i + 1]
        out[2 * i], out[2 * i + 1] = value, part
        length = length + #value + #part
    end

    local header = ngx.header
    header["Content-Type"] = "text/html; charset=utf-8"
    header["Content-Length"] = length
    header["Cache-Control"] = "private, no-store"
    header["Referrer-Policy"] = "no-referrer"
    header["X-Content-Type-Options"] = "nosniff"

    ngx.print(out)
end

return page
