// Objects as lines of JSON: orders come on standard input, events go to standard output.
'use strict';
const readline = require('readline');

exports.say = (event, fields) => process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);

// Whoever started us has gone when the input ends.
exports.obey = (orders) => {
  const lines = readline.createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const { order, ...fields } = JSON.parse(line);
    orders[order](fields);
  });
  lines.on('close', () => process.exit(0));
};

// The text of a message: a short one, or a payload. The package decodes it and takes the header off.
exports.textOf = (pdu) => {
  const found = (pdu.short_message && pdu.short_message.message) || pdu.message_payload || '';
  const text = found.message === undefined ? found : found.message;
  return Buffer.isBuffer(text) ? text.toString('latin1') : text;
};
