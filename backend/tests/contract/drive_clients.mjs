// Drives a ready-made client through every method of its data provider against a server and prints what it got, call by
// call, as JSON. Usage: node drive_clients.mjs CLIENT URL
import { writeSync } from "node:fs"

const [, , client, url] = process.argv
const resource = "patients"

const patient = {
  id: "made-here",
  patientID: "C1",
  name: "Núria",
  age: 39,
  gender: "Female",
  medicalCondition: "Asthma",
  lastVisit: "2024-07-01",
}

const reactAdmin = async () => {
  const provider = (await import("ra-data-json-server")).default(url)
  const page = { page: 1, perPage: 3 }
  const sort = { field: "name", order: "ASC" }
  return [
    ["first page", () => provider.getList(resource, { pagination: page, sort, filter: {} })],
    ["later page", () => provider.getList(resource, { pagination: { page: 2, perPage: 3 }, sort, filter: {} })],
    ["descending", () => provider.getList(resource, { pagination: page, sort: { field: "age", order: "DESC" }, filter: {} })],
    ["search", () => provider.getList(resource, { pagination: page, sort, filter: { q: "AN" } })],
    ["filter", () => provider.getList(resource, { pagination: page, sort, filter: { gender: "Male", age_gte: 50 } })],
    ["nothing", () => provider.getList(resource, { pagination: page, sort, filter: { q: "nobody at all" } })],
    ["one", () => provider.getOne(resource, { id: "1" })],
    ["missing", () => provider.getOne(resource, { id: "nobody" })],
    ["many", () => provider.getMany(resource, { ids: ["1", "007", "nobody"] })],
    ["reference", () => provider.getManyReference(resource, { target: "gender", id: "Other", pagination: page, sort, filter: {} })],
    ["create", () => provider.create(resource, { data: patient })],
    ["update", () => provider.update(resource, { id: "made-here", data: { ...patient, age: 40 } })],
    ["update many", () => provider.updateMany(resource, { ids: ["1"], data: { ...patient, patientID: "C2" } })],
    ["delete", () => provider.delete(resource, { id: "made-here" })],
    ["delete many", () => provider.deleteMany(resource, { ids: ["1", "2"] })],
    ["afterwards", () => provider.getList(resource, { pagination: { page: 1, perPage: 99 }, sort, filter: {} })],
  ]
}

const refine = async () => {
  const provider = (await import("@refinedev/simple-rest")).default(url)
  const pagination = { currentPage: 1, pageSize: 3, mode: "server" }
  const filters = [
    { field: "gender", operator: "eq", value: "Male" },
    { field: "age", operator: "gte", value: 19 },
    { field: "name", operator: "contains", value: "o" },
    { field: "id", operator: "ne", value: "1" },
  ]
  const sorters = [
    { field: "age", order: "desc" },
    { field: "name", order: "asc" },
  ]
  return [
    ["first page", () => provider.getList({ resource, pagination })],
    ["all at once", () => provider.getList({ resource, pagination: { mode: "off" } })],
    ["sorted", () => provider.getList({ resource, pagination, sorters })],
    ["filtered", () => provider.getList({ resource, pagination, filters, sorters })],
    ["search", () => provider.getList({ resource, pagination, filters: [{ field: "q", operator: "eq", value: "AN" }] })],
    ["one", () => provider.getOne({ resource, id: "1" })],
    ["missing", () => provider.getOne({ resource, id: "nobody" })],
    ["many", () => provider.getMany({ resource, ids: ["1", "007"] })],
    ["create", () => provider.create({ resource, variables: patient })],
    ["update", () => provider.update({ resource, id: "made-here", variables: { age: 41 } })],
    ["custom", () => provider.custom({ url: `${url}/patients/made-here`, method: "get" })],
    ["delete", () => provider.deleteOne({ resource, id: "made-here", variables: {} })],
    ["address", async () => provider.getApiUrl() === url],
    ["afterwards", () => provider.getList({ resource, pagination: { mode: "off" } })],
  ]
}

const faults = (error) => ({ status: error.status ?? error.statusCode, told: error.message?.includes("patient") ? "a reason" : "nothing" })

const transcript = {}
for (const [name, call] of await { "ra-data-json-server": reactAdmin, "simple-rest": refine }[client]()) {
  transcript[name] = await call().catch(faults)
}
writeSync(1, JSON.stringify(transcript))
process.exit(0) // a kept connection would hold the process for seconds
