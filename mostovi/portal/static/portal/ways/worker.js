// SPDX-License-Identifier: EUPL-1.2
// Keeps the pages of the self-check for the time without internet. They hold no answers; requests
// with answers (POST) are never touched, and neither is the way out.
"use strict";
var KEPT = "ways-1";
var PATIENCE = 6000;

self.addEventListener("install", function (event) { event.waitUntil(self.skipWaiting()); });
self.addEventListener("activate", function (event) {
  event.waitUntil(caches.keys().then(function (names) {
    return Promise.all(names.map(function (name) {
      return name.indexOf("ways-") === 0 && name !== KEPT ? caches.delete(name) : null;
    }));
  }).then(function () { return self.clients.claim(); }));
});

function fromKept(request) {
  return caches.open(KEPT).then(function (kept) {
    return kept.match(request, { ignoreVary: true }).then(function (found) {
      if (found) return found;
      if (request.mode !== "navigate") return Response.error();
      // Another language or place that was never opened: at least the languages that were.
      return kept.match(self.registration.scope, { ignoreVary: true }).then(function (first) {
        return first || Response.error();
      });
    });
  }).then(function (found) {
    if (found.type === "error") return found;
    return found.blob().then(function (body) {
      var headers = new Headers(found.headers);
      headers.set("X-Ways-Kept", "1");
      return new Response(body, { status: 200, headers: headers });
    });
  });
}

function fromNetwork(request) {
  return new Promise(function (resolve, reject) {
    var timer = setTimeout(reject, PATIENCE);
    fetch(request).then(function (answer) {
      clearTimeout(timer);
      if (answer.ok && answer.type === "basic") {
        var copy = answer.clone();
        caches.open(KEPT).then(function (kept) {
          // Only what the page itself decided to keep is kept up to date.
          kept.match(request, { ignoreVary: true }).then(function (known) {
            if (known) kept.put(request, copy);
          });
        });
      }
      if (answer.status >= 500) reject(); else resolve(answer);
    }, function (error) { clearTimeout(timer); reject(error); });
  });
}

self.addEventListener("fetch", function (event) {
  var request = event.request;
  var address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (/\/exit\/$/.test(address.pathname)) return;
  event.respondWith(fromNetwork(request).catch(function () { return fromKept(request); }));
});
