-- Deliveries of the WhatsApp Cloud API for wrk, each signed, each of another citizen about another matter.
-- wrk -t1 -c64 -d20s -s benches/hooks.lua http://127.0.0.1:8080 [-- PAUSE], PAUSE being milliseconds that each connection waits
-- between two deliveries. The server needs an account: provider "whatsapp", name "bench", id "1064", secret "bench-secret".

local bit = require("bit")
local band, bxor, bnot, ror, shr, tobit = bit.band, bit.bxor, bit.bnot, bit.ror, bit.rshift, bit.tobit

-- SHA-256 (FIPS 180-4) and HMAC (RFC 2104).
local K = {}
do
  local n, p = 0, 2
  while n < 64 do
    local prime = true
    for d = 2, math.floor(math.sqrt(p)) do
      if p % d == 0 then prime = false break end
    end
    if prime then
      n = n + 1
      local root = p ^ (1 / 3)
      K[n] = tobit(math.floor((root - math.floor(root)) * 4294967296))
    end
    p = p + 1
  end
end

local function sha256(text)
  local length = #text
  text = text .. "\128" .. string.rep("\0", (55 - length) % 64)
    .. string.char(0, 0, 0, 0, band(shr(length, 21), 255), band(shr(length, 13), 255), band(shr(length, 5), 255), band(length * 8, 255))
  local h0, h1, h2, h3, h4, h5, h6, h7 = tobit(0x6a09e667), tobit(0xbb67ae85), tobit(0x3c6ef372), tobit(0xa54ff53a),
    tobit(0x510e527f), tobit(0x9b05688c), tobit(0x1f83d9ab), tobit(0x5be0cd19)
  local w = {}
  for at = 1, #text, 64 do
    for i = 0, 15 do
      local a, b, c, d = text:byte(at + 4 * i, at + 4 * i + 3)
      w[i + 1] = tobit(a * 16777216 + b * 65536 + c * 256 + d)
    end
    for i = 17, 64 do
      local x, y = w[i - 15], w[i - 2]
      w[i] = tobit(w[i - 16] + bxor(ror(x, 7), ror(x, 18), shr(x, 3)) + w[i - 7] + bxor(ror(y, 17), ror(y, 19), shr(y, 10)))
    end
    local a, b, c, d, e, f, g, h = h0, h1, h2, h3, h4, h5, h6, h7
    for i = 1, 64 do
      local t1 = tobit(h + bxor(ror(e, 6), ror(e, 11), ror(e, 25)) + bxor(band(e, f), band(bnot(e), g)) + K[i] + w[i])
      local t2 = tobit(bxor(ror(a, 2), ror(a, 13), ror(a, 22)) + bxor(band(a, b), band(a, c), band(b, c)))
      h, g, f, e, d, c, b, a = g, f, e, tobit(d + t1), c, b, a, tobit(t1 + t2)
    end
    h0, h1, h2, h3 = tobit(h0 + a), tobit(h1 + b), tobit(h2 + c), tobit(h3 + d)
    h4, h5, h6, h7 = tobit(h4 + e), tobit(h5 + f), tobit(h6 + g), tobit(h7 + h)
  end
  return { h0, h1, h2, h3, h4, h5, h6, h7 }
end

local function bytes(words)
  local out = {}
  for i, w in ipairs(words) do
    out[i] = string.char(band(shr(w, 24), 255), band(shr(w, 16), 255), band(shr(w, 8), 255), band(w, 255))
  end
  return table.concat(out)
end

local function padded(key, with)
  local out = {}
  for i = 1, 64 do out[i] = string.char(bxor(key:byte(i) or 0, with)) end
  return table.concat(out)
end

local secret = "bench-secret"
local inner, outer = padded(secret, 0x36), padded(secret, 0x5c)
local function hmac(text)
  local out = {}
  for i, w in ipairs(sha256(outer .. bytes(sha256(inner .. text)))) do out[i] = bit.tohex(w) end
  return table.concat(out)
end

local said = {
  "আমাদের গ্রামে পানীয় জলের কল তিন মাস ধরে খারাপ, দূর থেকে জল আনতে হয়",
  "বর্ষায় রাস্তা ভেঙে গেছে, অ্যাম্বুলেন্স ঢুকতে পারে না, মেরামত চাই",
  "আমার বিধবা ভাতা চার মাস বন্ধ, ব্লক অফিসে গিয়েও কিছু জানা যায়নি",
  "ration card e nam nei, khadya sathi r taka ashe na, ki korbo bolun",
  "The street lights near the primary school have not worked since the storm",
  "हमारे इलाके में दो महीने से बिजली बार बार जाती है, ट्रांसफार्मर खराब है",
}
local pause, count, run = 0, 0, 0

function init(arguments)
  pause = tonumber(arguments[1] or "0")
  math.randomseed(os.time())
  run = math.random(0, 999999999)
end

function delay()
  return pause == 0 and 0 or math.random(0, 2 * pause)
end

function request()
  count = count + 1
  local from = string.format("919%09d", math.random(100000000, 999999999))
  local body = string.format(
    '{"object":"whatsapp_business_account","entry":[{"id":"102","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"913322145678","phone_number_id":"1064"},"contacts":[{"profile":{"name":"Rina Das"},"wa_id":"%s"}],"messages":[{"from":"%s","id":"wamid.%d.%d","timestamp":"%d","text":{"body":"%s. %d"},"type":"text"}]},"field":"messages"}]}]}',
    from, from, run, count, os.time(), said[count % #said + 1], count)
  return wrk.format("POST", "/hooks/whatsapp/bench",
    { ["Content-Type"] = "application/json", ["X-Hub-Signature-256"] = "sha256=" .. hmac(body) }, body)
end

function done(summary, latency)
  local wrong = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  print(string.format('{"deliveries_per_s": %.0f, "p50_ms": %.1f, "p99_ms": %.1f, "slowest_ms": %.1f, "errors": %d}',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3, wrong))
end
