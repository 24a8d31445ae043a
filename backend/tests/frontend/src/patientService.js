// All this page knows of its backend: one address, and what json-server answers.
const PATIENTS = `${import.meta.env.VITE_API_BASE_URL}/patients`;

export function list(filter = {}) {
  return request(`${PATIENTS}?${new URLSearchParams(filter)}`);
}

export function register(patient) {
  return request(PATIENTS, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(patient),
  });
}

async function request(address, options) {
  const response = await fetch(address, options);
  const text = await response.text();
  if (!response.ok) throw new Error(sentence(text) || `The server answered ${response.status}.`);
  return JSON.parse(text);
}

// The error's text: the sentence in it if it is JSON, all of it if not.
function sentence(text) {
  try {
    const problem = JSON.parse(text);
    return problem.detail ?? problem.message ?? problem.error;
  } catch {
    return text;
  }
}
