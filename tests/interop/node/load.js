// node's `smpp` under load, on itself: `node load.js FOLDER serve RECEIPTS` prints its port and answers
// each submit, with a receipt if asked; `node load.js FOLDER load PORT COUNT WINDOW RECEIPTS` keeps a
// window of submits open and prints how many were answered in a second, and its own CPU time for one.
'use strict';
const [, , folder, mode, ...rest] = process.argv;
const smpp = require(`${folder}/node_modules/smpp`);

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
  let sent = 0, answered = 0, reported = 0, started, before;
  const end = () => {
    if (answered < total || (receipts && reported < total)) return;
    const nanoseconds = Number(process.hrtime.bigint() - started);
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify({
      per_second: Math.round(total * 1e9 / nanoseconds),
      cpu_ns: Math.round((user + system) * 1000 / total),
    }));
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
      before = process.cpuUsage();
      started = process.hrtime.bigint();
      for (let number = 0; number < window; number += 1) submit();
    });
  });
}

if (mode === 'serve') serve(rest[0] === 'true');
else load(Number(rest[0]), Number(rest[1]), Number(rest[2]), rest[3] === 'true');
