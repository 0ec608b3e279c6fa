-- Contacts for wrk: each from another citizen, about another matter, with a key of its own.
-- wrk -t1 -c64 -d20s -s benches/contacts.lua http://127.0.0.1:8080 [-- PAUSE], PAUSE being milliseconds that each connection waits
-- between two contacts (0: as fast as it goes).

local said = {
  "আমাদের গ্রামে পানীয় জলের কল তিন মাস ধরে খারাপ, দূর থেকে জল আনতে হয়",
  "বর্ষায় রাস্তা ভেঙে গেছে, অ্যাম্বুলেন্স ঢুকতে পারে না, মেরামত চাই",
  "আমার বিধবা ভাতা চার মাস বন্ধ, ব্লক অফিসে গিয়েও কিছু জানা যায়নি",
  "ration card e nam nei, khadya sathi r taka ashe na, ki korbo bolun",
  "The street lights near the primary school have not worked since the storm",
  "हमारे इलाके में दो महीने से बिजली बार बार जाती है, ट्रांसफार्मर खराब है",
  "লক্ষ্মীর ভাণ্ডারের টাকা অ্যাকাউন্টে ঢোকেনি, আধার লিঙ্ক করা আছে",
  "Drain is choked and dirty water enters the house whenever it rains in our lane",
}
local districts = { "Hooghly", "Bankura", "Murshidabad", "Nadia", "Howrah", "Malda" }
local names = { "Rina Das", "শ্যামল মণ্ডল", "Md. Salim", "Anita Roy", "রহিমা বিবি", "S. Tamang" }
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
  local text = said[count % #said + 1] .. ". " .. run .. " " .. count
  local body = string.format(
    '{"channel":"portal","sender":{"phone":"9%09d","name":"%s"},"body":"%s","location":{"district":"%s"}}',
    math.random(100000000, 999999999), names[count % #names + 1], text, districts[count % #districts + 1])
  return wrk.format("POST", "/api/v1/contacts",
    { ["Content-Type"] = "application/json", ["Idempotency-Key"] = run .. "-" .. count }, body)
end

function done(summary, latency)
  local wrong = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  print(string.format('{"contacts_per_s": %.0f, "p50_ms": %.1f, "p99_ms": %.1f, "slowest_ms": %.1f, "errors": %d}',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3, wrong))
end
