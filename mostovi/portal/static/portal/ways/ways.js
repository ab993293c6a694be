// SPDX-License-Identifier: EUPL-1.2
// The self-check in the browser: the same answers as `mostovi.pathways.answers`, without a server.
// First the evaluator, which reads `mostovi.pathways.exporting` (its text says how), then the pages.
// Answers live in variables of this page only: no cookie, no storage, no address, no request.
var Ways = (function () {
  "use strict";

  // --- Facts: the same reading as `mostovi.pathways.facts.read_facts` ---------------------------

  var DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

  function monthsBetween(start, end) {
    var months = (end[0] - start[0]) * 12 + end[1] - start[1];
    var last = new Date(Date.UTC(end[0], end[1], 0)).getUTCDate();
    return end[2] >= Math.min(start[2], last) ? months : months - 1;
  }

  function parts(text) {
    var found = DATE.exec(text);
    if (!found) return null;
    var day = [+found[1], +found[2], +found[3]];
    var made = new Date(Date.UTC(2000, day[1] - 1, day[2]));
    made.setUTCFullYear(day[0], day[1] - 1, day[2]);
    var real = made.getUTCMonth() === day[1] - 1 && made.getUTCDate() === day[2];
    return real && day[0] > 0 ? day : null;
  }

  // The value of one answer, or {problem: code of the text, gaps: {...}}.
  function readOne(about, given, today) {
    function wrong(code, gaps) { return { problem: code, gaps: gaps || {} }; }
    if (about.kind === "yes_no") {
      return given === "yes" ? true : given === "no" ? false : wrong("ui.error.choose");
    }
    if (about.kind === "choice") {
      return about.choices.indexOf(given) >= 0 ? given : wrong("ui.error.choose");
    }
    if (about.kind === "country") {
      return /^([A-Z]{2}|stateless)$/.test(given) ? given : wrong("ui.error.choose");
    }
    var range = { lowest: String(about.lowest || 0), highest: String(about.highest) };
    if (about.from_date && given === "not-a-date") return wrong("ui.error.date");
    if (about.from_date && DATE.test(given)) {
      var day = parts(given), now = parts(today);
      if (!day) return wrong("ui.error.date");
      if (given > today) return wrong("ui.error.date_future");
      var months = monthsBetween(day, now);
      var count = about.unit === "years" ? Math.floor(months / 12) : months;
      return count < (about.lowest || 0) || count > about.highest ? wrong("ui.error.number", range) : count;
    }
    var text = given.replace(",", ".");
    if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
      return wrong(about.decimals ? "ui.error.number" : "ui.error.whole_number", range);
    }
    var value = Number(text);
    if (!about.decimals && value !== Math.floor(value)) return wrong("ui.error.whole_number", range);
    return value < (about.lowest || 0) || value > about.highest ? wrong("ui.error.number", range) : value;
  }

  function isBroken(conflict, facts) {
    var tests = conflict.tests || [conflict.order];
    for (var i = 0; i < tests.length; i++) {
      var test = tests[i], value = test[2];
      if (conflict.order) value = facts[value];
      if (facts[test[0]] === undefined || value === undefined) return false;
      if (compare(test[1], facts[test[0]], value) === !!conflict.order) return false;
    }
    return true;
  }

  function factsOfConflict(conflict) {
    return conflict.order ? [conflict.order[0], conflict.order[2]]
      : conflict.tests.map(function (test) { return test[0]; });
  }

  // answers: {fact: as given}. Gives {facts, problems: [{code, gaps, facts}]}; what is doubted is
  // left out of the facts.
  function read(law, answers, today) {
    var facts = {}, problems = [], doubted = {};
    Object.keys(law.facts).forEach(function (code) {
      var given = answers[code];
      if (given === undefined) return;
      given = given.trim();
      if (["", "unknown", "not_asked", "skipped"].indexOf(given) >= 0) return;
      var value = readOne(law.facts[code], given, today);
      if (value !== null && typeof value === "object") {
        problems.push({ code: value.problem, gaps: value.gaps, facts: [code], alone: true });
      } else facts[code] = value;
    });
    law.conflicts.forEach(function (conflict) {
      if (!isBroken(conflict, facts)) return;
      var about = factsOfConflict(conflict);
      problems.push({ code: "conflict." + conflict.code, gaps: {}, facts: about, alone: false });
      about.forEach(function (code) { doubted[code] = true; });
    });
    Object.keys(doubted).forEach(function (code) { delete facts[code]; });
    return { facts: facts, problems: problems };
  }

  // --- Kleene: the tree of conditions ----------------------------------------------------------

  function compare(how, known, value) {
    if (how === "is") return known === value;
    if (how === "is_not") return known !== value;
    if (how === "in") return value.indexOf(known) >= 0;
    if (how === "not_in") return value.indexOf(known) < 0;
    if (how === "at_least") return known >= value;
    if (how === "at_most") return known <= value;
    return how === "more_than" ? known > value : known < value;
  }

  function count(values, wanted) {
    return values.filter(function (value) { return value === wanted; }).length;
  }

  function evaluate(tree, facts) {
    if (tree.kind === "unknown") return null;
    if (tree.kind === "test") {
      var known = facts[tree.fact], value = tree.value;
      if (value !== null && typeof value === "object" && value.fact) value = facts[value.fact];
      return known === undefined || value === undefined ? null : compare(tree.how, known, value);
    }
    var values = (tree.parts || []).map(function (part) { return evaluate(part, facts); });
    if (tree.kind === "not") return values[0] === null ? null : !values[0];
    var yes = count(values, true), open = count(values, null);
    if (tree.kind === "any") return yes ? true : open ? null : false;
    if (tree.kind === "all") return count(values, false) ? false : open ? null : true;
    return yes >= tree.count ? true : yes + open >= tree.count ? null : false;
  }

  // R6: whether signed-off conditions alone show this value.
  function restsOnReview(tree, wanted, facts, top) {
    if (evaluate(tree, facts) !== wanted) return false;
    if (!top && !tree.signed) return false;
    if (tree.kind === "test") return true;
    if (tree.kind === "not") return restsOnReview(tree.parts[0], !wanted, facts, false);
    var shown = (tree.parts || []).map(function (part) {
      return restsOnReview(part, wanted, facts, false);
    });
    var yes = count(shown, true);
    if (tree.kind === "at_least") {
      return yes >= (wanted ? tree.count : shown.length - tree.count + 1);
    }
    return (tree.kind === "all") === wanted ? yes === shown.length : yes > 0;
  }

  function allSigned(tree, top) {
    return (top || !!tree.signed) && (tree.parts || []).every(function (part) {
      return allSigned(part, false);
    });
  }

  // --- The decision diagram: answers and questions ---------------------------------------------

  function cellOf(variable, value) {
    if (variable.starts) {
      var cell = 0;
      while (cell < variable.starts.length && variable.starts[cell] <= value) cell++;
      return cell;
    }
    return variable.groups ? variable.groups[value] || 0 : value === true ? 1 : 0;
  }

  // The order of two facts, of which one or both are known; "equal" always can be.
  function possible(law, diagram, pair, children, facts) {
    var first = facts[pair[0]], second = facts[pair[1]];
    if (first !== undefined && second !== undefined) {
      var only = children[first === second ? 1 : first < second ? 0 : 2];
      return [only, only, only];
    }
    var isFirst = first !== undefined, known = isFirst ? first : second;
    if (known === undefined) return children;
    var name = isFirst ? pair[1] : pair[0], about = law.facts[name];
    var variable = diagram.variables.filter(function (one) { return one.fact === name; })[0];
    var starts = variable.starts, cell = cellOf(variable, known);
    var low = cell === 0 ? about.lowest || 0 : starts[cell - 1];
    var high = cell === starts.length ? about.highest
      : about.decimals ? starts[cell] : starts[cell] - 1;
    var below = low < known, above = high > known;
    if (!isFirst) { var turned = below; below = above; above = turned; }
    return [above ? children[0] : children[1], children[1], below ? children[2] : children[1]];
  }

  // What is left of a diagram when the facts are put in: {nodes, root}, places as in the export.
  function left(law, diagram, facts) {
    var nodes = [], made = {}, done = {};
    var cells = diagram.variables.map(function (variable) {
      var known = variable.fact ? facts[variable.fact] : undefined;
      return known === undefined ? -1 : cellOf(variable, known);
    });
    function make(variable, children) {
      var first = children[0];
      if (children.every(function (child) { return child === first; })) return first;
      var row = [variable].concat(children), key = row.join();
      if (!(key in made)) { nodes.push(row); made[key] = nodes.length + 2; }
      return made[key];
    }
    function walk(place) {
      if (place < 3) return place;
      if (place in done) return done[place];
      var row = diagram.nodes[place - 3], variable = row[0], found;
      if (cells[variable] >= 0) found = walk(row[cells[variable] + 1]);
      else {
        var children = row.slice(1).map(walk), pair = diagram.variables[variable].order;
        found = make(variable, pair ? possible(law, diagram, pair, children, facts) : children);
      }
      done[place] = found;
      return found;
    }
    return { root: walk(diagram.root), nodes: nodes };
  }

  // The one result that remains when the variable has the cell, or -1.
  function settled(rest, wanted, cell) {
    var done = {};
    function walk(place) {
      if (place < 3) return place;
      if (place in done) return done[place];
      var row = rest.nodes[place - 3], found;
      if (row[0] === wanted) found = walk(row[cell + 1]);
      else {
        found = walk(row[1]);
        for (var i = 2; i < row.length && found >= 0; i++) if (walk(row[i]) !== found) found = -1;
      }
      done[place] = found;
      return found;
    }
    return walk(rest.root);
  }

  // {fact: share of its cells that settle the rule} of what is left.
  function shares(diagram, rest, facts) {
    var found = {}, reached = {};
    (function walk(place) {
      if (place < 3 || reached[place]) return;
      reached[place] = true;
      var row = rest.nodes[place - 3], variable = diagram.variables[row[0]];
      (variable.order || [variable.fact]).forEach(function (fact) {
        if (facts[fact] === undefined) found[fact] = 0;
      });
      row.slice(1).forEach(walk);
    })(rest.root);
    diagram.variables.forEach(function (variable, index) {
      if (!(variable.fact in found)) return;
      var sure = 0;
      for (var cell = 0; cell < variable.cells; cell++) if (settled(rest, index, cell) >= 0) sure++;
      found[variable.fact] = sure / variable.cells;
    });
    return found;
  }

  function ranked(share, order) {
    return Object.keys(share).sort(function (a, b) {
      return share[b] - share[a] || order[a] - order[b];
    });
  }

  // {answers: [{pathway, answer, because, logic, questions}], questions: [{fact, decides, pathways}]}
  function check(law, facts) {
    var order = {}, total = {}, asking = {}, undecided = 0;
    Object.keys(law.facts).forEach(function (code, index) { order[code] = index; });
    var answers = law.pathways.map(function (pathway) {
      var rest = left(law, pathway.diagram, facts), result = rest.root, own = [];
      var answer = "maybe", because = "decided", logic = null;
      if (result === 2) { answer = "open"; logic = true; }
      else if (result === 1) because = "unknown_law";
      else if (result === 0) {
        logic = false;
        var rule = pathway.rule;
        var signed = pathway.signed_off && (restsOnReview(rule, false, facts, true)
          || (evaluate(rule, facts) === null && allSigned(rule, true)));
        if (signed) answer = "closed"; else because = "unreviewed_no";
      } else {
        because = "unknown_fact";
        undecided++;
        var share = shares(pathway.diagram, rest, facts);
        own = ranked(share, order);
        own.forEach(function (fact) {
          total[fact] = (total[fact] || 0) + share[fact];
          (asking[fact] = asking[fact] || []).push(pathway.pathway);
        });
      }
      return { pathway: pathway.pathway, first: pathway.first || "", answer: answer,
               because: because, logic: logic, questions: own };
    });
    var questions = ranked(total, order).map(function (fact) {
      return { fact: fact, decides: total[fact] / (undecided || 1), pathways: asking[fact] };
    });
    return { answers: answers, questions: questions };
  }

  return { read: read, evaluate: evaluate, check: check, monthsBetween: monthsBetween };
})();
if (typeof module !== "undefined" && module.exports) module.exports = Ways;

// --- The pages -----------------------------------------------------------------------------------

if (typeof document !== "undefined") (function () {
  "use strict";
  var KEPT = "ways-1";
  var body = document.body;

  function one(selector, inside) { return (inside || document).querySelector(selector); }
  function all(selector, inside) {
    return Array.prototype.slice.call((inside || document).querySelectorAll(selector));
  }
  function near(node, selector) {
    while (node && node.nodeType === 1) {
      if ((node.matches || node.msMatchesSelector).call(node, selector)) return node;
      node = node.parentNode;
    }
    return null;
  }
  function show(node, wanted) { if (node) node.hidden = !wanted; }

  // --- Leaving, listening, printing: on every page ---------------------------------------------

  function leave(address) {
    forget();
    document.title = "";
    body.textContent = "";
    location.replace(navigator.onLine === false ? "about:blank" : address);
  }

  var VOICES = { bs: ["bs", "hr", "sr"], sr: ["sr", "hr", "bs"], kmr: ["kmr", "ku"], sq: ["sq"] };
  var speech = window.speechSynthesis, speaking = null;
  function voiceFor(language) {
    var wanted = VOICES[language] || [language], voices = speech.getVoices();
    for (var i = 0; i < wanted.length; i++) for (var j = 0; j < voices.length; j++) {
      if (voices[j].lang.toLowerCase().split(/[-_]/)[0] === wanted[i]) return voices[j];
    }
    return null;
  }
  function listen(button) {
    var label = one("span", button), about = near(button.parentNode, "fieldset,section,article");
    if (speaking) {
      var same = speaking === button;
      speech.cancel();
      stopped();
      if (same) return;
    }
    var spoken = one("[data-speak]", about);
    var inner = one("[lang]", spoken);
    var language = (inner && inner.lang) || document.documentElement.lang;
    var voice = voiceFor(language);
    if (!voice) {
      label.textContent = body.getAttribute("data-no-voice");
      button.setAttribute("role", "status");
      return;
    }
    var text = all("[data-speak], .choice span", about).map(function (node) {
      return node.textContent.trim();
    }).join(". ");
    var saying = new SpeechSynthesisUtterance(text);
    saying.voice = voice;
    saying.lang = voice.lang;
    saying.rate = 0.9;
    saying.onend = saying.onerror = stopped;
    speaking = button;
    label.textContent = body.getAttribute("data-stop");
    speech.speak(saying);
  }
  function stopped() {
    if (speaking) one("span", speaking).textContent = body.getAttribute("data-listen");
    speaking = null;
  }
  function makeReady(inside) {
    if (speech) all("[data-listen]", inside).forEach(function (button) {
      if (button !== body) button.hidden = false;
    });
    all("[data-print]", inside).forEach(function (button) { button.hidden = false; });
  }
  document.addEventListener("click", function (event) {
    var target = near(event.target, "[data-leave],button,[data-again]");
    if (!target) return;
    if (target.hasAttribute("data-leave")) { event.preventDefault(); leave(target.href); }
    else if (target.hasAttribute("data-listen")) listen(target);
    else if (target.hasAttribute("data-print")) window.print();
  });
  makeReady(document);

  // --- With or without internet ----------------------------------------------------------------

  var status = one("[data-offline]");
  function tell(what) {
    var text = body.getAttribute("data-" + what);
    if (status && text) { status.textContent = text; status.hidden = false; }
  }
  if (navigator.onLine === false) tell("now");
  window.addEventListener("offline", function () { tell("now"); });

  var stage = one("#stage");
  if (!stage || !window.fetch || !history.pushState || !stage.getAttribute("data-parts")) {
    if (!one("#stage") && navigator.onLine === false && !one("[data-frame]")) tell("no-text");
    return;
  }
  var address = {};
  ["parts", "places", "languages", "manifest", "style", "script", "icon", "worker", "exit", "help"]
    .forEach(function (name) { address[name] = stage.getAttribute("data-" + name); });
  var mayKeep = "caches" in window && "serviceWorker" in navigator;

  function keep(text) {
    if (!mayKeep) return;
    caches.open(KEPT).then(function (kept) {
      var pages = [location.pathname, address.places, address.languages, address.help,
        address.manifest, address.style, address.script, address.icon];
      return kept.addAll(pages).then(function () {
        return kept.put(address.parts, new Response(text, {
          headers: { "Content-Type": "text/html; charset=utf-8" }
        }));
      });
    }).then(function () { return navigator.serviceWorker.register(address.worker); })
      .then(function () { return navigator.serviceWorker.ready; })
      .then(function () {
        if (navigator.onLine !== false) tell("ready");
        show(one("[data-remove]"), true);
        stage.setAttribute("data-kept", "yes");
      }, function () { /* A private window keeps nothing; all else works. */ });
  }

  function remove() {
    caches.delete(KEPT).then(function () {
      return navigator.serviceWorker.getRegistrations();
    }).then(function (found) {
      return Promise.all(found.map(function (worker) {
        return worker.scope.indexOf(address.languages) >= 0 ? worker.unregister() : null;
      }));
    }).then(function () { tell("removed"); show(one("[data-remove]"), false); });
  }
  if (one("[data-remove] button")) one("[data-remove] button").addEventListener("click", remove);

  var shownText = "";
  window.addEventListener("online", function () {
    fetch(address.parts, { cache: "no-cache" }).then(function (answer) {
      return answer.ok && !answer.headers.get("X-Ways-Kept") ? answer.text() : null;
    }).then(function (text) {
      if (text === null) return;
      tell(text === shownText ? "updated" : "newer");
      keep(text);
    }, function () { tell("now"); });
  });

  // --- The self-check itself --------------------------------------------------------------------

  var pieces, law, words, order = [], answers = {}, views = [], startPage = null;

  function forget() { order = []; answers = {}; views = []; }
  function word(code, gaps) {
    var text = words[code] || code;
    Object.keys(gaps || {}).forEach(function (name) {
      text = text.split("{" + name + "}").join(gaps[name]);
    });
    return text;
  }
  function today() {
    var now = new Date();
    function two(number) { return (number < 10 ? "0" : "") + number; }
    var day = now.getFullYear() + "-" + two(now.getMonth() + 1) + "-" + two(now.getDate());
    return day < law.on ? law.on : day;
  }
  function readAll(given) { return Ways.read(law, given || answers, today()); }
  function piece(selector) { return one(selector, pieces).cloneNode(true); }
  function questionOf(fact) { return one('[data-questions] [data-fact="' + fact + '"]', pieces); }
  function questionText(fact) {
    var legend = one("legend [data-speak]", questionOf(fact));
    return Array.prototype.slice.call(legend.cloneNode(true).childNodes);
  }
  function answerText(fact) {
    var given = answers[fact], about = law.facts[fact], field = questionOf(fact);
    if (given === "unknown") return word("ui.dont_know");
    if (given === "skipped") return word("ui.rather_not_say");
    if (about.kind === "country") return one('option[value="' + given + '"]', field).textContent;
    if (about.kind === "number") {
      if (/-/.test(given)) return given.split("-").reverse().join(".");
      var unit = one(".written > span", field);
      return given + (unit ? " " + unit.textContent : "");
    }
    return one('input[value="' + given + '"]', field).parentNode.textContent.trim();
  }
  function dangers(facts) {
    var found = [];
    Object.keys(law.facts).forEach(function (code) {
      var danger = law.facts[code].danger;
      if (danger && facts[code] === true && found.indexOf(danger) < 0) found.push(danger);
    });
    return found;
  }
  function nextFact(check, facts) {
    var open = check.questions.map(function (question) { return question.fact; })
      .filter(function (fact) { return !(fact in answers); });
    var isChild = facts.age_in_doubt === true || facts.age < 18;
    var before = law.first.concat(isChild ? law.child_first : [], law.safety_first);
    var calm = open.filter(function (fact) { return law.accusing_last.indexOf(fact) < 0; });
    return before.filter(function (fact) { return open.indexOf(fact) >= 0; })[0] ||
      calm[0] || open[0] || "";
  }

  // Digits of any script as 0 to 9.
  function latin(text) {
    return text.replace(/[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef]/g, function (char) {
      return String((char.charCodeAt(0) & 0xf) - (char.charCodeAt(0) >= 0x966 ? 6 : 0));
    });
  }
  function fieldOf(form, name) {
    var found = all('[name="' + name + '"]', form).filter(function (input) {
      return input.type !== "radio" || input.checked;
    })[0];
    return found ? latin(found.value.trim()).slice(0, 60) : "";
  }
  function given(fact, form) {
    var value = fieldOf(form, "v");
    if (law.facts[fact].from_date) {
      var date = ["year", "month", "day"].map(function (name) { return fieldOf(form, name); });
      if (date.join("") && !value) {
        var good = date.every(function (part) { return /^\d{1,4}$/.test(part); });
        return good ? ("000" + date[0]).slice(-4) + "-" + ("0" + date[1]).slice(-2) + "-"
          + ("0" + date[2]).slice(-2) : "not-a-date";
      }
    }
    return value || fieldOf(form, "none") || null;
  }
  function fill(field, value) {
    var fact = field.getAttribute("data-fact"), about = law.facts[fact];
    if (value === undefined) return;
    if (about.kind === "number" && /^\d{4}-/.test(value)) {
      value.split("-").forEach(function (part, index) {
        one('[name="' + ["year", "month", "day"][index] + '"]', field).value = part;
      });
      return;
    }
    var radio = one('input[type="radio"][value="' + value + '"]', field);
    if (radio) radio.checked = true;
    else one('[name="v"]', field).value = value;
  }

  function put(node, view, isBack) {
    stage.textContent = "";
    stage.appendChild(node);
    makeReady(stage);
    if (!isBack) {
      views.push(view);
      history.pushState({ ways: views.length }, "", location.pathname);
    }
    window.scrollTo(0, 0);
    var heading = one("h1", stage);
    if (heading) { heading.tabIndex = -1; heading.focus(); document.title = heading.textContent.trim(); }
  }
  function soFar(list, withButtons) {
    if (!order.length) return;
    list.textContent = "";
    order.forEach(function (fact) {
      var item = document.createElement("li"), line = document.createElement("span");
      var bold = document.createElement("b");
      line.appendChild(document.createTextNode(words["fact." + fact + ".short"] + ": "));
      bold.textContent = answerText(fact);
      line.appendChild(bold);
      item.appendChild(line);
      if (withButtons) {
        var button = document.createElement("button");
        button.name = "do";
        button.value = "ask:" + fact;
        button.className = "plain";
        button.textContent = word("ui.change_answer");
        button.setAttribute("aria-label", word("ui.change_answer") + ": " + words["fact." + fact + ".short"]);
        item.appendChild(document.createTextNode(" "));
        item.appendChild(button);
      }
      list.appendChild(item);
    });
  }
  function listenTo(form, handle) {
    var pressed = "next";
    form.addEventListener("click", function (event) {
      var button = near(event.target, "button[name=do]");
      if (button) pressed = button.value;
    });
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      var verb = pressed;
      pressed = "next";
      handle(verb);
    });
    all("[data-again]", form).forEach(function (link) {
      link.addEventListener("click", function (event) { event.preventDefault(); again(); });
    });
  }
  function again() {
    forget();
    stage.textContent = "";
    startPage.forEach(function (node) { stage.appendChild(node); });
    history.pushState({ ways: 0 }, "", location.pathname);
    window.scrollTo(0, 0);
  }

  function ask(fact, isBack) {
    var frame = piece("[data-frame=ask]"), field = questionOf(fact).cloneNode(true);
    var place = fact in answers ? order.indexOf(fact) : order.length;
    one("[data-number]", frame).textContent = word("ui.question_number", { number: place + 1 });
    one("[data-question]", frame).appendChild(field);
    fill(field, answers[fact]);
    soFar(one("[data-so-far]", frame), true);
    var depends = Ways.check(law, readAll().facts).questions.filter(function (question) {
      return question.fact === fact;
    })[0];
    show(one("[data-why]", frame), !!depends);
    if (depends) one("[data-why-text]", frame).textContent =
      word("ui.why_asked.text", { count: depends.pathways.length });
    listenTo(frame, function (verb) { take(fact, frame, verb); });
    put(frame, { kind: "ask", fact: fact }, isBack);
  }
  function refuse(frame, errors, others) {
    var box = one("[data-errors]", frame);
    box.textContent = "";
    errors.forEach(function (text) {
      var line = document.createElement("p");
      line.textContent = text;
      box.appendChild(line);
    });
    others.forEach(function (fact) {
      var button = document.createElement("button");
      button.name = "do";
      button.value = "ask:" + fact;
      button.className = "plain";
      button.textContent = word("ui.error.see_answer") + ": " + words["fact." + fact + ".short"];
      box.appendChild(button);
    });
    show(box, true);
    var input = one("input:not([type=hidden]),select", frame);
    if (input) { input.setAttribute("aria-invalid", "true"); input.focus(); }
  }
  function take(fact, frame, verb) {
    var value = given(fact, frame), before = dangers(readAll().facts);
    if (value === null && verb === "next") return refuse(frame, [word("ui.error.choose")], []);
    if (value !== null) {
      var tried = {};
      order.forEach(function (code) { tried[code] = answers[code]; });
      tried[fact] = value;
      var problems = readAll(tried).problems.filter(function (problem) {
        return problem.facts.indexOf(fact) >= 0;
      });
      if (problems.length && verb === "next") {
        var others = [];
        problems.forEach(function (problem) {
          problem.facts.forEach(function (code) {
            if (code !== fact && code in tried && others.indexOf(code) < 0) others.push(code);
          });
        });
        return refuse(frame, problems.map(function (problem) {
          return word(problem.code, problem.gaps);
        }), others);
      }
      if (!problems.some(function (problem) { return problem.alone; })) {
        if (!(fact in answers)) order.push(fact);
        answers = tried;
      }
    }
    if (verb === "back") {
      var at = order.indexOf(fact), previous = order[(at < 0 ? order.length : at) - 1];
      return previous ? ask(previous) : again();
    }
    if (verb.indexOf("ask:") === 0) return ask(verb.slice(4));
    if (verb === "result") return result();
    var fresh = dangers(readAll().facts).filter(function (code) { return before.indexOf(code) < 0; });
    return fresh.length ? danger(fresh) : goOn();
  }
  function goOn() {
    var facts = readAll().facts, fact = nextFact(Ways.check(law, facts), facts);
    if (fact) ask(fact); else result();
  }
  function danger(codes, isBack) {
    var frame = piece("[data-frame=danger]"), place = one("[data-dangers]", frame);
    codes.forEach(function (code) { place.appendChild(piece('[data-dangers-all] [data-danger="' + code + '"]')); });
    listenTo(frame, function (verb) { return verb === "result" ? result() : goOn(); });
    put(frame, { kind: "danger", codes: codes }, isBack);
  }

  function conditionAt(rule, path) {
    return path.split(".").reduce(function (tree, index) { return tree.parts[+index]; }, rule);
  }
  function card(answer, facts) {
    var shown = piece('[data-ways-all] [data-way="' + answer.pathway + '"]');
    var rule = law.pathways.filter(function (one) { return one.pathway === answer.pathway; })[0].rule;
    all("[data-path]", shown).forEach(function (item) {
      var value = Ways.evaluate(conditionAt(rule, item.getAttribute("data-path")), facts);
      if (value !== null && item.hasAttribute("data-turned")) value = !value;
      var mark = value === null ? "not_known" : value ? "fits" : "fits_not";
      item.className = "condition is-" + mark;
      one("[data-mark]", item).textContent = word("ui.result." + mark);
      var about = item.getAttribute("data-about");
      if (about in answers) {
        one("[data-given]", item).textContent = ". " + word("ui.result.you_said", { answer: answerText(about) });
      }
    });
    if (answer.because === "unknown_fact") {
      show(one("[data-find]", shown), true);
      answer.questions.forEach(function (fact) {
        var item = document.createElement("li");
        questionText(fact).forEach(function (node) { item.appendChild(node); });
        one("[data-find-list]", shown).appendChild(item);
      });
    }
    show(one("[data-law-unknown]", shown), answer.because === "unknown_law");
    return shown;
  }
  function partOf(answer) {
    if (answer.answer !== "maybe") return answer.answer;
    return answer.because === "unreviewed_no" ? "unchecked_no" : "maybe";
  }
  function result(isBack) {
    var frame = piece("[data-frame=result]"), facts = readAll().facts;
    var check = Ways.check(law, facts), told = dangers(facts);
    var counts = { open: 0, maybe: 0, closed: 0, unchecked_no: 0 };
    told.forEach(function (code) {
      one("[data-dangers]", frame).appendChild(piece('[data-dangers-all] [data-danger="' + code + '"]'));
    });
    var sorted = check.answers.filter(function (answer) { return told.indexOf(answer.first) >= 0; })
      .concat(check.answers.filter(function (answer) { return told.indexOf(answer.first) < 0; }));
    sorted.forEach(function (answer) {
      var part = partOf(answer);
      counts[part]++;
      one('[data-list="' + part + '"] [data-ways]', frame).appendChild(card(answer, facts));
    });
    all("[data-list]", frame).forEach(function (list) {
      var name = list.getAttribute("data-list");
      show(list, name === "open" || counts[name] > 0);
    });
    show(one("[data-list=open] [data-some]", frame), counts.open > 0);
    show(one("[data-list=open] [data-none]", frame), counts.open === 0);
    one("[data-summary]", frame).textContent = word("ui.result.summary", {
      open: counts.open, maybe: counts.maybe, closed: counts.closed + counts.unchecked_no
    });
    var more = nextFact(check, facts);
    show(one("[data-none-left]", frame), !more);
    show(one("[data-go-on]", frame), !!more);
    soFar(one("[data-so-far]", frame), true);
    listenTo(frame, function (verb) {
      if (verb.indexOf("ask:") === 0) return ask(verb.slice(4));
      if (verb !== "sheet") return goOn();
      var chosen = all("input[name=sheet]:checked", frame).map(function (input) { return input.value; });
      var box = one("[data-sheet-error]", frame);
      box.textContent = word("ui.result.print_nothing");
      show(box, !chosen.length);
      if (chosen.length) sheet(chosen, one("[name=with_answers]", frame).checked);
    });
    put(frame, { kind: "result" }, isBack);
  }
  function sheet(chosen, withAnswers, isBack) {
    var frame = piece("[data-frame=sheet]"), facts = readAll().facts;
    Ways.check(law, facts).answers.forEach(function (answer) {
      if (chosen.indexOf(answer.pathway) < 0) return;
      var way = card(answer, facts), more = one("[data-more]", way);
      all("details:not([data-more]), label", way).forEach(function (node) {
        node.parentNode.removeChild(node);
      });
      more.removeChild(one("summary", more));
      while (more.firstChild) way.appendChild(more.firstChild);
      way.removeChild(more);
      way.className = "way sheet-way";
      one("[data-sheet-ways]", frame).appendChild(way);
    });
    if (withAnswers) soFar(one("[data-so-far-printed]", frame), false);
    one("[data-do=result]", frame).addEventListener("click", function () { result(); });
    put(frame, { kind: "sheet", chosen: chosen, withAnswers: withAnswers }, isBack);
  }

  window.addEventListener("popstate", function (event) {
    var view = views[((event.state && event.state.ways) || 0) - 1];
    if (!view) {
      stage.textContent = "";
      startPage.forEach(function (node) { stage.appendChild(node); });
    } else if (view.kind === "ask") ask(view.fact, true);
    else if (view.kind === "danger") danger(view.codes, true);
    else if (view.kind === "sheet") sheet(view.chosen, view.withAnswers, true);
    else result(true);
  });

  fetch(address.parts).then(function (answer) {
    if (!answer.ok) throw new Error(answer.status);
    if (answer.headers.get("X-Ways-Kept")) tell("now");
    return answer.text();
  }).then(function (text) {
    var whole = new DOMParser().parseFromString(text, "text/html");
    var data = JSON.parse(one("#law", whole).textContent);
    pieces = document.adoptNode(one("#parts", whole));
    body.appendChild(one("#drawings", pieces));
    law = data.law;
    law.first = data.first;
    law.child_first = data.child_first;
    law.safety_first = data.safety_first;
    law.accusing_last = data.accusing_last;
    words = data.words;
    shownText = text;
    startPage = Array.prototype.slice.call(stage.childNodes);
    one("[data-start]", stage).addEventListener("submit", function (event) {
      event.preventDefault();
      goOn();
    });
    stage.setAttribute("data-ready", "yes");
    keep(text);
  }, function () { /* Without the parts each answer is one page of the server. */ });
})();
