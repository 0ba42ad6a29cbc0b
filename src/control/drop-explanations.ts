/** What each reason for a drop means, and what to do if it is not wanted, by its name in `DROP_NAMES`. */
export const DROP_EXPLANATIONS: Readonly<Record<string, string>> = {
  runt: "Shorter than an Ethernet header: the sender is broken; look at its network driver.",
  "source-invalid":
    "The source MAC is zero, broadcast or a group, which no host has: the sender is broken, or means harm.",
  "destination-invalid": "The destination MAC is zero, which no host has: the sender is broken.",
  loop: "Sent to its own source: the sender is broken; no other port would have had it.",
  "source-not-pinned":
    "A port that is no bridge sent from another MAC than its own: let the client join as a bridge if there is a network behind it.",
  "no-destination":
    "Nobody is known to have the destination, and there is no bridge that might: normal for a moment after somebody left.",
  "same-port": "The destination is behind the port that the frame came from: normal behind a bridge, and no loss.",
  "egress-full":
    "The receiver's queue was full: its line is slower than what is sent to it; some of it is normal under load.",
  "too-big":
    "Larger than the receiver takes, and not to be made smaller: the sender was told where the protocol allows it; lower its MTU if it goes on.",
  "vnet-header-invalid": "The virtio-net header does not fit its frame: the client is broken, or means harm.",
  "message-truncated":
    "A message, or a frame of a client of the original, that is not whole: the original cuts frames above 1486 bytes of packet.",
  "device-refused": "The server's TAP did not take the frame: it is down, or the kernel had no memory.",
  "port-closed":
    "The peer had no connection, or was about to go: normal when peers leave or change networks; held frames are not meant.",
  "reserved-destination":
    "For a group that no bridge passes on, such as spanning tree's: normal behind bridges, and right to be dropped.",
  "mac-not-yours":
    "The source MAC is another user's or the server's own: two hosts have the same MAC, or one pretends to be the other.",
  "mac-not-allowed":
    "The source MAC is none that the policy allows this user: add it to the user's `macs` if it is good.",
  "too-many-macs":
    "There are more hosts behind a bridge than it may have: raise the user's `max_macs` if they are real.",
  "new-mac-rate": "New hosts appear behind a bridge faster than real ones do: a flood, or a loop behind it.",
  "ethertype-denied": "The policy does not allow this protocol: add it to the user's `ethertypes` if it should pass.",
  "vlan-denied": "The policy does not allow this VLAN: add it to the user's `vlans` if it should pass.",
  "source-ip-denied":
    "The source IP address is in none of the prefixes that the policy allows: add it to the user's `source_prefixes` if it is good.",
  "acl-denied":
    "The access list denies the packet, or nothing in it allows it: look at the user's `acl` if it should pass.",
  "rogue-dhcp":
    "A DHCP server's answer from a peer that may not be one: switch its DHCP server off, or allow it by `dhcp_server`.",
  "rogue-router": "A router's announcement from a peer that may not be one: switch it off, or allow it by `router`.",
  "arp-spoof": "ARP that claims an IP address of somebody else: two hosts have the same address, or one pretends.",
  "neighbour-spoof":
    "Neighbour discovery that claims an IPv6 address of somebody else: two hosts have the same address, or one pretends.",
  "ip-spoof": "The source IP address belongs to somebody else: two hosts have the same address, or one pretends.",
  unparsable: "Headers in a form that nobody can check, which real hosts do not send: look at who sends it.",
  "storm-broadcast":
    "More broadcast than one port may send: a loop or a broken host; raise the guard's budget if it is real traffic.",
  "storm-multicast":
    "More multicast than one port may send: a stream that goes to all; raise the guard's budget if it is real traffic.",
  "storm-unknown":
    "More frames for unknown destinations than one port may send: somebody scans, or sends to a host that is gone.",
  "port-shut":
    "The port is shut for a while because there is a loop behind it: find the second way between two bridges.",
  "loop-probe": "Our own probe for loops came back, so there is a loop: find the second way between two bridges.",
  isolated: "Sender and receiver are kept from each other by `isolated`: right, unless they should talk.",
  "rate-up": "More than the peer may send: raise its rate `up` if that is too little; some of it is how a limit works.",
  "rate-down":
    "More than the peer may be sent: raise its rate `down` if that is too little; some of it is how a limit works.",
  "egress-late":
    "Waited too long behind others of its flow, so that its sender slows down: normal on a line that is full.",
  "egress-stale":
    "Waited so long, at least two seconds, that nobody wants it any more: the peer's line is cut or very slow.",
};
