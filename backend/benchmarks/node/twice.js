// Two processes of fastify.js on one port, as Node's cluster gives them connections in turn.

const cluster = require("node:cluster");

if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
  process.on("SIGTERM", () => process.exit(0)); // its children end with it
} else {
  require("./fastify.js");
}
