// What a Node developer would write instead: Fastify and pg on the same table. DATABASE_URL and PORT from the environment.

const fastify = require("fastify")({ logger: false });
const { Pool } = require("pg");

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 8 });

const FIELDS = {
  id: "id",
  patientID: "patient_id",
  name: "name",
  age: "age",
  gender: "gender",
  medicalCondition: "medical_condition",
  lastVisit: "last_visit",
};
const select = Object.entries(FIELDS)
  .map(([name, column]) => (name === "lastVisit" ? `to_char(${column}, 'YYYY-MM-DD')` : column) + ` AS "${name}"`)
  .join(", ");
const OPERATORS = { _gte: ">=", _lte: "<=", _ne: "<>" };
const text = { type: "string", minLength: 1, maxLength: 255 };
const properties = {
  id: text,
  patientID: { type: "string", minLength: 1, maxLength: 50 },
  name: text,
  age: { type: "integer", exclusiveMinimum: 0 },
  gender: { enum: ["Male", "Female", "Other"] },
  medicalCondition: text,
  lastVisit: { type: "string", format: "date" },
};
const row = { type: "object", properties: { ...properties, lastVisit: { type: "string" }, gender: { type: "string" } } };
// A statement of one shape is prepared once on each connection.
const names = new Map();
function run(text, values) {
  if (!names.has(text)) names.set(text, `s${names.size}`);
  return pool.query({ name: names.get(text), text, values });
}

function filters(query) {
  const values = [];
  const bind = (value) => `$${values.push(value)}`;
  const tests = [];
  for (const [key, value] of Object.entries(query)) {
    const [, name, operator] = /^(.*?)(_gte|_lte|_ne)?$/.exec(key);
    if (FIELDS[name]) tests.push(`${FIELDS[name]} ${OPERATORS[operator] || "="} ${bind(value)}`);
  }
  if (query.q) {
    const pattern = bind(`%${query.q.replace(/[\\%_]/g, "\\$&")}%`);
    tests.push("(" + Object.values(FIELDS).map((column) => `${column}::text ILIKE ${pattern}`).join(" OR ") + ")");
  }
  return { where: tests.length ? "WHERE " + tests.join(" AND ") : "", values, bind };
}

async function list(request, reply) {
  const query = request.query;
  const { where, values, bind } = filters(query);
  const collation = query._per_page ? ' COLLATE "und-x-icu"' : "";
  const key = FIELDS[query._sort];
  const order = (key ? `${key}${key === "age" ? "" : collation}${query._order === "desc" ? " DESC" : ""}, ` : "") + "position";
  if (!query._page) return (await run(`SELECT ${select} FROM patients ${where} ORDER BY ${order}`, values)).rows;
  const size = Number(query._per_page || query._limit || 10);
  const page = Number(query._page);
  const total = run(`SELECT count(*)::int AS n FROM patients ${where}`, [...values]);
  const found = run(
    `SELECT ${select} FROM patients ${where} ORDER BY ${order} LIMIT ${bind(size)} OFFSET ${bind((page - 1) * size)}`,
    values,
  );
  const [{ rows }, n] = [await found, (await total).rows[0].n];
  reply.header("X-Total-Count", n);
  if (!query._per_page) return rows;
  const last = Math.max(1, Math.ceil(n / size));
  const ends = { first: 1, prev: page > 1 ? page - 1 : null, next: page < last ? page + 1 : null, last, pages: last };
  return { ...ends, items: n, data: rows };
}

async function one(reply, text, values) {
  const { rows } = await run(text, values);
  if (!rows.length) return reply.code(404).send({});
  return rows[0];
}

fastify.get("/patients", list); // without a schema: V8's own JSON.stringify is as fast on arrays
fastify.get("/patients/:id", { schema: { response: { 200: row } } }, (request, reply) =>
  one(reply, `SELECT ${select} FROM patients WHERE id = $1`, [request.params.id]),
);
fastify.post(
  "/patients",
  { schema: { body: { type: "object", properties, required: Object.keys(FIELDS).slice(1) }, response: { 201: row } } },
  (request, reply) => {
    const body = { ...request.body, id: request.body.id || require("node:crypto").randomBytes(8).toString("hex") };
    const fields = Object.keys(FIELDS);
    const places = fields.map((_, place) => `$${place + 1}`).join(", ");
    reply.code(201);
    return one(
      reply,
      `INSERT INTO patients (${fields.map((name) => FIELDS[name]).join(", ")}) VALUES (${places}) RETURNING ${select}`,
      fields.map((name) => body[name]),
    );
  },
);
fastify.patch(
  "/patients/:id",
  { schema: { body: { type: "object", properties }, response: { 200: row } } },
  (request, reply) => {
    const sent = Object.keys(request.body).filter((name) => name !== "id" && FIELDS[name]);
    const sets = sent.map((name, place) => `${FIELDS[name]} = $${place + 2}`).join(", ");
    const values = [request.params.id, ...sent.map((name) => request.body[name])];
    return one(reply, `UPDATE patients SET ${sets} WHERE id = $1 RETURNING ${select}`, values);
  },
);

fastify.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
