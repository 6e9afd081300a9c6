// A client on node's `smpp`: `node client.js FOLDER`, where FOLDER holds the node_modules.
'use strict';
const smpp = require(`${process.argv[2]}/node_modules/smpp`);
const { say, obey, textOf } = require('./lines');

// What fits into a part beside its header, in characters.
const PART_OF_SEPTETS = 153;
const PART_OF_UCS2 = 67;
let session;

function bind({ port, mode, system_id, password, version }) {
  session = smpp.connect({ host: '127.0.0.1', port });
  session.on('error', (error) => say('broken', { reason: error.message }));
  session.on('close', () => say('closed', {}));
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('deliver_sm', (pdu) => {
    session.send(pdu.response());
    say('delivered', {
      source: pdu.source_addr, destination: pdu.destination_addr, text: textOf(pdu),
      receipt: (pdu.esm_class & 0x3c) === 0x04,
      id: pdu.receipted_message_id || null, state: pdu.message_state || null,
    });
  });
  session.on('connect', () => {
    const fields = { system_id, password, interface_version: version };
    session[`bind_${mode}`](fields, (pdu) => {
      say('bound', { status: pdu.command_status, name: pdu.system_id || '' });
    });
  });
}

function messages(text, form) {
  const isPlain = /^[\x20-\x7e]*$/.test(text);
  const size = isPlain ? PART_OF_SEPTETS : PART_OF_UCS2;
  const coding = isPlain ? {} : { data_coding: 8 };
  if (form === 'payload') return [{ ...coding, message_payload: text }];
  if (form === 'plain') return [{ ...coding, short_message: text }];
  const parts = [];
  for (let at = 0; at < text.length; at += size) parts.push(text.slice(at, at + size));
  return parts.map((message, index) => (form === 'udh'
    ? { ...coding, esm_class: 0x40,
      short_message: { udh: Buffer.from([5, 0, 3, 77, parts.length, index + 1]), message } }
    : { ...coding, short_message: message, sar_msg_ref_num: 777,
      sar_total_segments: parts.length, sar_segment_seqnum: index + 1 }));
}

function submit({ source, destination, text, form }) {
  const pdus = messages(text, form);
  const answers = [];
  for (const message of pdus) {
    session.submit_sm({
      source_addr_ton: 5, source_addr: source,
      dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: destination,
      registered_delivery: 1, ...message,
    }, (pdu) => {
      answers.push({ status: pdu.command_status, id: pdu.message_id || '' });
      if (answers.length === pdus.length) say('submitted', { answers });
    });
  }
}

function query({ source, id }) {
  session.query_sm({ message_id: id, source_addr_ton: 5, source_addr: source }, (pdu) => {
    say('queried', { status: pdu.command_status, id: pdu.message_id || '', state: pdu.message_state || 0 });
  });
}

function unbind() {
  session.unbind((pdu) => {
    say('unbound', { status: pdu.command_status });
    session.close();
  });
}

obey({ bind, submit, query, unbind });
