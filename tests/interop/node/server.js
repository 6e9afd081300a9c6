// An SMS centre on node's `smpp`: `node server.js FOLDER`, where FOLDER holds the node_modules.
'use strict';
const smpp = require(`${process.argv[2]}/node_modules/smpp`);
const { say, obey, textOf } = require('./lines');

let last = 26000;
const receivers = [];

// The id of the answer is hexadecimal, that of the receipt decimal, as many centres have it.
function report(session, submit, id, withParameters) {
  const failed = submit.destination_addr.endsWith('0001');
  const state = failed ? 'UNDELIV' : 'DELIVRD';
  const written = String(id).padStart(10, '0');
  const parameters = { receipted_message_id: written, message_state: failed ? 5 : 2 };
  session.deliver_sm({
    source_addr_ton: 1, source_addr_npi: 1, source_addr: submit.destination_addr,
    dest_addr_ton: 5, destination_addr: submit.source_addr, esm_class: 4,
    short_message: `id:${written} sub:001 dlvrd:00${failed ? 0 : 1} submit date:2601021530 `
      + `done date:2601021531 stat:${state} err:00${failed ? 1 : 0} text:`,
    ...(withParameters ? parameters : {}),
  }, (pdu) => say('acknowledged', { status: pdu.command_status }));
}

function take(session, pdu, withParameters) {
  last += 1;
  const id = last;
  session.send(pdu.response({ message_id: id.toString(16).toUpperCase() }));
  const udh = pdu.short_message && pdu.short_message.udh;
  say('submit', {
    source: pdu.source_addr, destination: pdu.destination_addr, text: textOf(pdu),
    coding: pdu.data_coding, id: id.toString(16).toUpperCase(),
    header: udh ? [...[].concat(udh)[0]].slice(-2) : null,
    parameters: pdu.sar_total_segments ? [pdu.sar_total_segments, pdu.sar_segment_seqnum] : null,
    is_payload: pdu.message_payload !== undefined,
  });
  if (pdu.registered_delivery & 1) report(session, pdu, id, withParameters);
}

// `version` is what it says of itself; nothing unless told.
function listen({ password, parameters, version }) {
  const server = smpp.createServer((session) => {
    const bind = (pdu) => {
      if (pdu.password !== password) {
        session.send(pdu.response({ command_status: smpp.ESME_RINVPASWD }));
        session.close();
        return;
      }
      const said = version ? { sc_interface_version: version } : {};
      session.send(pdu.response({ system_id: 'node', ...said }));
      receivers.push(session);
      say('bound', { mode: pdu.command, version: pdu.interface_version });
    };
    for (const mode of ['transceiver', 'transmitter', 'receiver']) session.on(`bind_${mode}`, bind);
    session.on('submit_sm', (pdu) => take(session, pdu, parameters));
    session.on('enquire_link', (pdu) => session.send(pdu.response()));
    session.on('unbind', (pdu) => {
      session.send(pdu.response(), () => session.close());
      say('unbound', {});
    });
    session.on('error', () => session.close());
  });
  server.listen(0, '127.0.0.1', () => say('listening', { port: server.address().port }));
}

function deliver({ source, destination, text }) {
  receivers[receivers.length - 1].deliver_sm({
    source_addr_ton: 1, source_addr_npi: 1, source_addr: source,
    destination_addr: destination, short_message: text,
  }, (pdu) => say('acknowledged', { status: pdu.command_status }));
}

obey({ listen, deliver });
