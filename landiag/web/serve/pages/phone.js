// Old phones run this: no modules, no arrow functions, no template strings.
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var WORDS = {
    answered: "answered", refused: "refused at once", silent: "silent: no answer came", trying: "trying ..."
  };
  var list = document.getElementById("tries"), results, rows, polls;

  function show(row, word, ms) {
    row.className = word;
    row.textContent = WORDS[word] + (ms === undefined ? "" : " (" + ms + " ms)");
  }

  function addRow(text) {
    var item = document.createElement("li"), name = document.createElement("div"), said = document.createElement("div");
    name.textContent = text;
    item.appendChild(name);
    item.appendChild(said);
    list.appendChild(item);
    return said;
  }

  function tell(answer) {
    document.getElementById("answer").className = answer.status;
    var headline = document.getElementById("headline");
    headline.textContent = "";
    if (answer.url) {
      var link = document.createElement("a");
      link.href = answer.url;
      link.textContent = answer.headline;
      headline.appendChild(link);
    } else {
      headline.textContent = answer.headline;
    }
    document.getElementById("detail").textContent = answer.detail;
    document.body.setAttribute("data-done", answer.final ? "yes" : "no");
  }

  function request(method, path, body, done) {
    var http = new XMLHttpRequest();
    http.open(method, path);
    http.timeout = 8000;
    http.onload = function () { done(http.status === 200 ? JSON.parse(http.responseText) : null); };
    http.onerror = http.ontimeout = function () { done(null); };
    if (body) { http.setRequestHeader("Content-Type", "application/json"); }
    http.send(body);
  }

  function poll() {
    request("GET", "answer/" + data.id, null, function (answer) {
      if (answer) { tell(answer); }
      polls += 1;
      if ((!answer || !answer.final || polls < 4) && polls < 20) { setTimeout(poll, 1000); }
    });
  }

  function send() {
    request("POST", "results/" + data.id, JSON.stringify({results: results}), function (answer) {
      if (answer) {
        tell(answer);
      } else {
        tell({status: "blocked", headline: "The computer no longer answers", detail: "landiag serve has ended there.", final: true});
      }
      polls = 0;
      setTimeout(poll, 700);
    });
  }

  // A server that is not asked to share (CORS) still answers an opaque request: that it answered is all we need.
  function attempt(number, done) {
    var url = data.urls[number] + "?landiag=" + Date.now(), begun = Date.now(), over = false, timer, abort;
    function end(met) {
      if (over) { return; }
      over = true;
      clearTimeout(timer);
      done(met, Date.now() - begun);
    }
    timer = setTimeout(function () { end("silent"); if (abort) { abort.abort(); } }, data.wait);
    if (window.fetch) {
      abort = window.AbortController ? new AbortController() : null;
      fetch(url, {mode: "no-cors", cache: "no-store", credentials: "omit", redirect: "follow", signal: abort ? abort.signal : undefined})
        .then(function () { end("answered"); }, function () { end(Date.now() - begun > data.wait - 200 ? "silent" : "refused"); });
    } else {
      // An image that is none fails to load, as a refused connection does: only speed and size tell, so a picture
      // that every site has is asked for.
      var image = new Image();
      image.onload = function () { end("answered"); };
      image.onerror = function () { end("refused"); };
      image.src = data.urls[number] + "favicon.ico?" + Date.now();
    }
  }

  function start() {
    var left = data.urls.length;
    results = [];
    rows = [];
    list.textContent = "";
    document.body.removeAttribute("data-done");
    if (data.same) {
      list.textContent = "";
      show(addRow("this page, on port " + data.port), "answered");
      send();
      return;
    }
    data.urls.forEach(function (url, number) {
      rows[number] = addRow(url);
      show(rows[number], "trying");
      attempt(number, function (met, ms) {
        show(rows[number], met, ms);
        results.push({target: number, met: met, ms: ms});
        left -= 1;
        if (left === 0) { send(); }
      });
    });
    if (!left) { send(); }
  }

  document.getElementById("again").addEventListener("click", start);
  start();
}());
