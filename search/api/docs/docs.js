// The description of the API as a page: every operation, what it takes and gives, and a form to try it. No library.

const key = document.getElementById("key");
key.value = sessionStorage.getItem("wensou.key") ?? localStorage.getItem("wensou.key") ?? "";

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

function authorised(headers = {}) {
  return key.value ? { ...headers, Authorization: `Bearer ${key.value}` } : headers;
}

function resolved(schema, all, seen = []) {
  if (schema?.$ref) {
    const name = schema.$ref.split("/").pop();
    return seen.includes(name) ? { title: name } : resolved(all[name], all, [...seen, name]);
  }
  return schema ?? {};
}

function kind(schema, all) {
  const found = resolved(schema, all);
  if (found.enum) return found.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (found.anyOf) return found.anyOf.map((one) => kind(one, all)).join(" | ");
  if (found.type === "array") return `[${kind(found.items ?? {}, all)}]`;
  return found.type === "object" ? (found.title ?? "object") : (found.type ?? found.title ?? "any");
}

function members(schema, all) {
  const found = resolved(schema, all);
  if (found.anyOf) return members(found.anyOf[0], all);
  if (found.type === "array") return members(found.items, all);
  return Object.entries(found.properties ?? {}).map(([name, one]) => ({
    name, kind: kind(one, all), required: (found.required ?? []).includes(name), value: one.default, text: one.description,
  }));
}

function table(rows, caption) {
  if (!rows.length) return undefined;
  const line = ({ name, kind: what, required, value, text, field }) =>
    el("tr", {}, el("td", {}, el("code", {}, name), required ? " *" : ""), el("td", {}, what),
      el("td", {}, value === undefined || value === null ? "" : JSON.stringify(value)), el("td", {}, text ?? ""), field && el("td", {}, field));
  return el("table", {}, el("caption", {}, caption), ...rows.map(line));
}

function operation(path, method, found, all) {
  const fields = [];
  const parameters = (found.parameters ?? []).map((one) => {
    const field = el("input", { "aria-label": one.name });
    fields.push({ ...one, field });
    return { name: one.name, kind: kind(one.schema, all), required: one.required, value: one.schema?.default, text: one.description ?? one.schema?.description, field };
  });
  const body = found.requestBody?.content?.["application/json"]?.schema;
  const input = body && el("textarea", { "aria-label": "body", spellcheck: "false" });
  if (input) input.value = "{}";
  const output = el("pre", { hidden: "" });

  async function send(event) {
    event.preventDefault();
    let address = path;
    const query = new URLSearchParams();
    for (const { name, in: where, field } of fields) {
      if (where === "path") address = address.replace(`{${name}}`, encodeURIComponent(field.value));
      else if (field.value) query.append(name, field.value);
    }
    const options = { method: method.toUpperCase(), headers: authorised(input ? { "Content-Type": "application/json" } : {}) };
    if (input) options.body = input.value;
    output.hidden = false;
    try {
      const response = await fetch(`.${address}${query.size ? `?${query}` : ""}`, options);
      const text = await response.text();
      let shown = text;
      try { shown = JSON.stringify(JSON.parse(text), null, 1); } catch { /* not JSON */ }
      output.textContent = `${response.status}\n${shown.slice(0, 200_000)}`;
    } catch (error) {
      output.textContent = String(error);
    }
  }

  const answers = Object.entries(found.responses ?? {});
  const good = answers.find(([status]) => status.startsWith("2"))?.[1]?.content?.["application/json"]?.schema;
  return el("details", {},
    el("summary", {}, el("span", { class: `method ${method}` }, method.toUpperCase()), el("code", {}, path), ` ${found.summary ?? ""}`),
    el("p", {}, found.description ?? ""),
    el("form", { onsubmit: send }, table(parameters, "parameters"), body && table(members(body, all), "body"), input, el("button", {}, "send"), output),
    good && table(members(good, all), "answer"),
    el("p", {}, `statuses: ${answers.map(([status]) => status).join(", ")}`));
}

async function show() {
  const main = document.getElementById("operations");
  const response = await fetch("./openapi.json", { headers: authorised() });
  if (!response.ok) {
    main.replaceChildren(el("p", {}, response.status === 401 ? "需要钥匙：填在上面，再按回车。" : `HTTP ${response.status}`));
    return;
  }
  const description = await response.json();
  document.getElementById("summary").textContent = `${description.info.title} ${description.info.version}: ${description.info.summary ?? ""}`;
  const all = description.components?.schemas ?? {};
  main.replaceChildren(...Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, found]) => operation(path, method, found, all))));
}

document.getElementById("keyed").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("wensou.key", key.value);
  show();
});
show();
