"use strict";
const SHOWN = 100; // records of one answer: of a hundred thousand the tab would stand still
const own = crypto.getRandomValues(new Uint32Array(1))[0];
const names = new Map([
  ["example-1", `example-${own.toString(36)}`],
  ["EXAMPLE-1", `EXAMPLE-${own.toString(36).toUpperCase()}`],
]);

// The examples are about a record of their own; each visit has another one, so that nobody's is in anybody's way.
const fresh = (name, value) => (value === -1 && (name === "id" || name === "example") ? -own : (names.get(value) ?? value));

const short = (body) => {
  if (Array.isArray(body) && body.length > SHOWN) {
    const left = (body.length - SHOWN).toLocaleString("en");
    return [...body.slice(0, SHOWN), `… and ${left} more, which this page leaves out. Ask for fewer with _limit.`];
  }
  return body && Array.isArray(body.data) ? { ...body, data: short(body.data) } : body;
};

const responseInterceptor = (response) => {
  if (response.url.endsWith(document.body.dataset.openapi)) {
    response.text = JSON.stringify(JSON.parse(response.text, fresh));
    return response;
  }
  const body = short(response.body);
  return body === response.body ? response : { ...response, body, obj: body, data: "", text: JSON.stringify(body) };
};

const dark = matchMedia("(prefers-color-scheme: dark)");
const shade = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", shade);
shade();

SwaggerUIBundle({
  url: document.body.dataset.openapi,
  dom_id: "#swagger-ui",
  deepLinking: true,
  tryItOutEnabled: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null, // no badge from elsewhere
  responseInterceptor,
});
