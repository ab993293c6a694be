// SPDX-License-Identifier: EUPL-1.2
// Fill a form with ODK Web Forms: drafts sealed in this browser, a queue for when the server
// cannot be reached, one submission however often it is sent.

const script = document.getElementById("form-script");
const settings = JSON.parse(document.getElementById("form-settings").textContent);
const texts = document.getElementById("form-texts").dataset;
const container = document.getElementById("form-engine");
const token = document.querySelector("#form-token input").value;
const notices = document.getElementById("form-notices");
const saved = document.getElementById("form-saved");
const XML = "xml_submission_file";

// The engine and its components put their styles into <style> elements that they make themselves.
// They get this page's nonce, so that the policy can stay strict for everything else.
const make = document.createElement.bind(document);
document.createElement = (name, options) => {
  const element = make(name, options);
  if (String(name).toLowerCase() === "style") element.nonce = script.nonce;
  return element;
};

// ---- keeping things in this browser --------------------------------------------------------

const sealed = Boolean(window.indexedDB && window.crypto?.subtle);

function bytesOf(hex) {
  return Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
}

// The key comes with the page and stays in memory: a stolen disk holds only sealed drafts, and
// the same account opens them again after signing in.
const keyReady = sealed
  ? crypto.subtle.importKey("raw", bytesOf(settings.draftKey), "AES-GCM", false, ["encrypt", "decrypt"])
  : Promise.resolve(null);

function database() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("mostovi-screening", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("drafts");
      request.result.createObjectStore("queue");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function inStore(store, mode, act) {
  const opened = await database();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = opened.transaction(store, mode);
      const request = act(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    opened.close();
  }
}

async function seal(value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(value));
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await keyReady, plain);
  return { iv, data };
}

async function unseal(kept) {
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.iv }, await keyReady, kept.data);
  return JSON.parse(new TextDecoder().decode(plain));
}

async function keep(store, key, value) {
  if (sealed) {
    const kept = await seal(value);
    await inStore(store, "readwrite", (objects) => objects.put(kept, key));
  } else {
    sessionStorage.setItem(`mostovi:${store}:${key}`, JSON.stringify(value));
  }
}

async function kept(store, key) {
  try {
    if (!sealed) return JSON.parse(sessionStorage.getItem(`mostovi:${store}:${key}`));
    const found = await inStore(store, "readonly", (objects) => objects.get(key));
    return found ? await unseal(found) : null;
  } catch {
    return null; // sealed for another account, or broken: as if it were not there
  }
}

async function keys(store) {
  if (sealed) return inStore(store, "readonly", (objects) => objects.getAllKeys());
  const prefix = `mostovi:${store}:`;
  return Object.keys(sessionStorage).filter((k) => k.startsWith(prefix)).map((k) => k.slice(prefix.length));
}

async function forget(store, key) {
  if (sealed) await inStore(store, "readwrite", (objects) => objects.delete(key));
  else sessionStorage.removeItem(`mostovi:${store}:${key}`);
}

// ---- what is kept and sent: the instance XML and its files ---------------------------------

function base64Of(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

function blobOf(file) {
  const bytes = Uint8Array.from(atob(file.data), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: file.type });
}

async function contentOf(data) {
  const content = { xml: "", files: [] };
  for (const [name, file] of data.entries()) {
    if (name === XML) content.xml = await file.text();
    else content.files.push({ name: file.name || name, type: file.type, data: await base64Of(file) });
  }
  return content;
}

function metaOf(root, name) {
  return [...root.getElementsByTagName("*")].find(
    (element) => element.localName === name && element.parentNode.localName === "meta",
  );
}

// The engine takes a resumed draft for an edit: it makes a new instanceID and names the draft's as
// deprecated. But the draft was never sent, so it gets its own identity back.
function withIdentity(xml, identity) {
  if (!identity) return xml;
  const read = new DOMParser().parseFromString(xml, "text/xml");
  const instance = metaOf(read, "instanceID");
  const deprecated = metaOf(read, "deprecatedID");
  if (!instance) return xml;
  instance.textContent = identity.instance;
  if (deprecated && identity.deprecated) deprecated.textContent = identity.deprecated;
  else if (deprecated) deprecated.remove();
  return new XMLSerializer().serializeToString(read);
}

function identityOf(xml) {
  const read = new DOMParser().parseFromString(xml, "text/xml");
  return {
    instance: metaOf(read, "instanceID")?.textContent ?? "",
    deprecated: metaOf(read, "deprecatedID")?.textContent ?? "",
  };
}

// ---- sending -------------------------------------------------------------------------------

function say(text, tone, links = []) {
  const line = make("p");
  line.className = `alert alert-${tone}`;
  line.textContent = text;
  for (const [words, address] of links) {
    const anchor = make("a");
    anchor.href = address;
    anchor.textContent = words;
    line.append(" ", anchor);
  }
  notices.replaceChildren(line);
}

async function post(item) {
  const body = new FormData();
  body.append(XML, new File([item.xml], XML, { type: "text/xml" }));
  for (const file of item.files) body.append(file.name, new File([blobOf(file)], file.name, { type: file.type }));
  const answer = await fetch(item.submit, {
    method: "POST",
    body,
    headers: { "X-CSRFToken": token, Accept: "application/json" },
    redirect: "manual",
  });
  if (answer.ok) return { sent: true, ...(await answer.json()) };
  if (answer.type === "opaqueredirect" || answer.status === 403) return { signedOut: true };
  const why = await answer.json().then((read) => read.why, () => "");
  return { why };
}

let sending = false;

async function sendQueue() {
  if (sending) return;
  sending = true;
  try {
    for (const key of await keys("queue")) {
      const item = await kept("queue", key);
      if (!item) continue;
      let result;
      try {
        result = await post(item);
      } catch {
        say(texts.offline, "warning");
        break;
      }
      if (result.sent) {
        await forget("queue", key);
        const links = [[texts.open, result.url]];
        if (result.finding) links.unshift([texts.finding, result.finding]);
        say(texts.sent, "success", links);
      } else if (result.signedOut) {
        say(texts.signin, "warning");
        break;
      } else {
        say(`${texts.refused} ${result.why ?? ""}`, "danger");
      }
    }
  } finally {
    sending = false;
    await showQueue();
  }
}

async function showQueue() {
  const own = [];
  for (const key of await keys("queue")) if (await kept("queue", key)) own.push(key);
  document.getElementById("form-queue").hidden = own.length === 0;
  document.getElementById("form-queue-text").textContent = `${texts.waiting} ${own.length}`;
}

// ---- the engine ----------------------------------------------------------------------------

// The component gives no hold on the form while it is filled, so we look for the node that it
// hands to its own header. When that is not found, drafts are off and the page says so.
function rootNode(vnode) {
  const seen = [vnode];
  while (seen.length) {
    const node = seen.shift();
    if (!node || typeof node !== "object") continue;
    const form = node.props?.form;
    if (form?.prepareInstancePayload) return form;
    if (node.component?.subTree) seen.push(node.component.subTree);
    if (Array.isArray(node.children)) seen.push(...node.children);
  }
  return null;
}

const state = { identity: null, root: null, timer: 0, finished: false };

async function saveDraft() {
  if (!state.root || state.finished) return;
  const payload = await state.root.prepareInstancePayload({ payloadType: "monolithic" });
  const content = await contentOf(payload.data[0]);
  content.identity = state.identity ?? identityOf(content.xml);
  content.at = Date.now();
  if (state.finished) return;
  await keep("drafts", settings.draft, content);
  saved.hidden = false;
  saved.textContent = sealed ? texts.saved : texts.session;
}

function saveSoon() {
  clearTimeout(state.timer);
  state.timer = setTimeout(() => {
    saveDraft().catch(() => {
      saved.hidden = false;
      saved.textContent = texts.notKept;
    });
  }, 700);
}

function followLanguage() {
  const language = state.root?.currentState?.activeLanguage;
  const named = /\(([a-z]{2,3})[^)]*\)\s*$/i.exec(language?.language ?? "");
  const code = (language?.locale?.language ?? named?.[1] ?? "").toLowerCase();
  const rightToLeft = ["ar", "fa", "he", "ps", "ur"].includes(code);
  if (code) {
    container.lang = code;
    container.dir = rightToLeft ? "rtl" : "ltr";
  }
}

// What the engine leaves without a name for those who hear the page: the choice of language, the
// menu of a repeat, and fields of numbers, days and long lists, whose label it does not tie to them.
function nameControls() {
  for (const button of container.querySelectorAll(".button-menu:not([aria-label])")) {
    button.setAttribute("aria-label", texts.menu);
  }
  const unnamed = "input[role=spinbutton]:not([aria-label]), [role=combobox]:not([aria-label])";
  for (const control of container.querySelectorAll(unnamed)) {
    const question = control.closest(".question-container");
    const label = question?.querySelector("label, .control-text")?.textContent.trim();
    control.setAttribute("aria-label", label || (question ? texts.number : texts.language));
  }
}

async function start(draft) {
  const [{ createApp, h }, engine] = await Promise.all([import("vue"), import(script.dataset.engine)]);
  const formXml = await (await fetch(settings.form)).text();
  let restored = null;
  if (draft) {
    state.identity = draft.identity;
    restored = {
      resolveInstance: () => draft.xml,
      attachmentFileNames: draft.files.map((file) => file.name),
      resolveAttachment: async (name) => {
        const file = draft.files.find((one) => one.name === name);
        return new Response(file ? blobOf(file) : "", { status: file ? 200 : 404 });
      },
    };
  }
  const fetchFormAttachment = (url) => {
    const name = String(url).split("/").pop();
    return fetch(settings.media.replace("NAME", encodeURIComponent(name)));
  };
  const submitted = async (payload, done) => {
    clearTimeout(state.timer);
    const content = await contentOf(payload.data[0]);
    content.xml = withIdentity(content.xml, state.identity);
    content.submit = settings.submit;
    const identity = identityOf(content.xml);
    // First kept, then sent: whatever happens in between, nothing is lost.
    await keep("queue", identity.instance, content);
    state.finished = true;
    await forget("drafts", settings.draft);
    state.identity = null;
    saved.hidden = true;
    say(texts.sending, "info");
    window.scrollTo(0, 0);
    done({ next: engine.POST_SUBMIT__NEW_INSTANCE });
    setTimeout(() => {
      state.root = rootNode(container._vnode ?? app._container?._vnode) ?? state.root;
      state.finished = false;
      chooseLanguage();
    }, 500);
    await sendQueue();
  };
  const app = createApp({
    render: () =>
      h(engine.OdkWebForm, {
        formXml,
        fetchFormAttachment,
        editInstance: restored ?? undefined,
        trackDevice: false,
        onSubmit: submitted,
      }),
  });
  app.use(engine.webFormsPlugin);
  container.replaceChildren();
  app.mount(container);
  new MutationObserver(nameControls).observe(container, { childList: true, subtree: true });
  await ready();
}

function chooseLanguage() {
  const wanted = state.root?.languages?.find((one) => one.language === settings.language);
  if (wanted) state.root.setLanguage(wanted);
  followLanguage();
}

function ready() {
  return new Promise((resolve) => {
    const began = Date.now();
    const look = setInterval(() => {
      state.root = rootNode(container._vnode);
      const failed = container.querySelector(".form-load-failure-dialog, .form-initialization-status.error");
      if (!state.root && !failed && Date.now() - began < 20000) return;
      clearInterval(look);
      container.removeAttribute("aria-busy");
      if (failed) say(texts.failed, "danger");
      if (state.root) {
        chooseLanguage();
        for (const kind of ["input", "change", "click", "keyup"]) {
          container.addEventListener(kind, () => {
            saveSoon();
            setTimeout(followLanguage, 100);
          });
        }
      } else if (!failed) {
        saved.hidden = false;
        saved.textContent = texts.notKept;
        window.addEventListener("beforeunload", (event) => event.preventDefault());
      }
      resolve();
    }, 100);
  });
}

async function begin() {
  await showQueue();
  document.getElementById("form-queue-send").addEventListener("click", sendQueue);
  window.addEventListener("online", sendQueue);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") saveDraft().catch(() => {});
  });
  if (navigator.onLine) sendQueue();
  const draft = await kept("drafts", settings.draft);
  if (!draft) return start(null);
  const offer = document.getElementById("form-draft");
  document.getElementById("form-draft-when").textContent = new Date(draft.at).toLocaleString(
    document.documentElement.lang,
  );
  document.getElementById("form-loading").hidden = true;
  offer.hidden = false;
  document.getElementById("form-draft-resume").addEventListener("click", () => {
    offer.hidden = true;
    start(draft).catch(failed);
  });
  document.getElementById("form-draft-discard").addEventListener("click", async () => {
    offer.hidden = true;
    await forget("drafts", settings.draft);
    start(null).catch(failed);
  });
  return undefined;
}

function failed(error) {
  container.removeAttribute("aria-busy");
  say(texts.failed, "danger");
  console.error(error);
}

begin().catch(failed);
