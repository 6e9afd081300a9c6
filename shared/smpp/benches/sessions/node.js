// node's `smpp` on itself: `node node.js PACKAGE serve|load ... `, where PACKAGE is the folder of the
// package. The server prints its port and answers each submit, with a receipt if asked; the client
// keeps a window of submits open and prints how many were answered in a second.
'use strict';
const [, , pack, mode, ...rest] = process.argv;
const smpp = require(pack);

function serve(receipts) {
  const server = smpp.createServer((session) => {
    session.on('bind_transceiver', (pdu) => session.send(pdu.response()));
    session.on('unbind', (pdu) => session.send(pdu.response(), () => session.close()));
    session.on('error', () => session.close());
    session.on('submit_sm', (pdu) => {
      session.send(pdu.response({ message_id: '0059113978' }));
      if (!receipts) return;
      session.deliver_sm({
        source_addr: '491700000001', destination_addr: 'Waybill', esm_class: 4,
        short_message: 'id:0059113978 sub:001 dlvrd:001 submit date:2601021530 done date:2601021531 stat:DELIVRD err:000 text:Your code is',
        receipted_message_id: '38601fa', message_state: 2,
      });
    });
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}

function load(port, total, window, receipts) {
  const session = smpp.connect({ host: '127.0.0.1', port });
  let sent = 0, answered = 0, reported = 0, started;
  const end = () => {
    if (answered < total || (receipts && reported < total)) return;
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    console.log(Math.round(total / seconds));
    process.exit(0);
  };
  const submit = () => {
    sent += 1;
    session.submit_sm({
      source_addr_ton: 5, source_addr: 'Waybill', dest_addr_ton: 1, dest_addr_npi: 1,
      destination_addr: '491700000001', registered_delivery: 1, short_message: 'Your code is 123456 ab',
    }, () => {
      answered += 1;
      if (sent < total) submit();
      end();
    });
  };
  session.on('deliver_sm', (pdu) => {
    session.send(pdu.response());
    reported += 1;
    end();
  });
  session.on('connect', () => {
    session.socket.setNoDelay(true);
    session.bind_transceiver({ system_id: 'load', password: 'load' }, () => {
      started = process.hrtime.bigint();
      for (let number = 0; number < window; number += 1) submit();
    });
  });
}

if (mode === 'serve') serve(rest[0] === 'receipts');
else load(Number(rest[0]), Number(rest[1]), Number(rest[2]), rest[3] === 'receipts');
