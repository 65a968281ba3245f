(function () {
  "use strict";
  var shown = null, CLASSES = {clear: "works", blocked: "blocked", undetermined: "open"};

  function item(phone) {
    var row = document.createElement("li"), who = document.createElement("b"), rest = document.createElement("span");
    row.className = phone.status;
    who.textContent = phone.address + " (" + phone.agent + "): " + phone.answer;
    rest.textContent = " " + new Date(phone.at * 1000).toLocaleTimeString() + " " + phone.met.join("; ");
    rest.className = "dim";
    row.appendChild(who);
    row.appendChild(rest);
    return row;
  }

  function show(data) {
    var list = document.getElementById("phones");
    if (data.phones.length) {
      list.textContent = "";
      data.phones.slice().reverse().forEach(function (phone) { list.appendChild(item(phone)); });
    }
    if (data.stuck.length) {
      var packets = document.getElementById("packets");
      packets.textContent = "";
      data.stuck.forEach(function (summary) {
        var row = document.createElement("li");
        row.className = "blocked";
        row.textContent = summary;
        packets.appendChild(row);
      });
      document.getElementById("stuck").hidden = false;
    }
    if (data.summary) {
      document.getElementById("answer").className = CLASSES[data.verdict];
      document.getElementById("headline").textContent = data.summary;
      document.getElementById("detail").textContent = data.detail;
      document.getElementById("fix").textContent = data.fix.join("\n");
      document.getElementById("fix").hidden = !data.fix.length;
    }
    if (data.created !== shown) {
      if (shown !== null || data.created) { document.getElementById("report").contentWindow.location.reload(); }
      shown = data.created;
    }
  }

  show(JSON.parse(document.getElementById("data").textContent));
  var source = new EventSource("events");
  source.onmessage = function (event) { show(JSON.parse(event.data)); };
}());
