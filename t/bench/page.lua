-- The same page by OpenResty's Lua module: the template is split once, the
-- connections to Redis are kept, and the values are escaped.

local redis = require "nginx.redis"

local page = {}

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
                   ['"'] = "&quot;", ["'"] = "&#39;" }

local parts, fields, names, host, port

function page.init(file, redis_host, redis_port)
    local source = assert(io.open(file)):read("*a")
    local index = {}

    parts, fields, names = {}, {}, {}
    host, port = redis_host, redis_port

    local from = 1

    for at, name, to in source:gmatch("(){{(%w+[%w_]*)}}()") do
        parts[#parts + 1] = source:sub(from, at - 1)

        if not index[name] then
            names[#names + 1] = name
            index[name] = #names
        end

        fields[#fields + 1] = index[name]
        from = to
    end

    parts[#parts + 1] = source:sub(from)
end

local gsub, find = string.gsub, string.find

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

    local ok = r:connect(host, port)
    if not ok then return ngx.exit(503) end

    local values = r:hmget("employee:" .. id, unpack(names))
    if not values then return ngx.exit(503) end

    r:set_keepalive(60000, 100)

    if values[1] == ngx.null then return ngx.exit(404) end

    local out, n, length = {}, 0, 0

    for i = 1, #values do
        values[i] = escape(values[i])
    end

    for i = 1, #fields do
        local value = values[fields[i]]
        out[n + 1] = parts[i]
        out[n + 2] = value
        n = n + 2
        length = length + #parts[i] + #value
    end

    out[n + 1] = parts[#parts]
    length = length + #parts[#parts]

    local header = ngx.header
    header["Content-Type"] = "text/html; charset=utf-8"
    header["Content-Length"] = length
    header["Cache-Control"] = "private, no-store"
    header["Referrer-Policy"] = "no-referrer"
    header["X-Content-Type-Options"] = "nosniff"

    ngx.print(out)
end

return page
