"""
A few hosts on one machine and a bad network between them: network namespaces, whose packets pass through this
process. Needs root, iproute2 and /dev/net/tun. Standard input tells it what to do, line by line, in JSON:

    {"hosts": 3}    makes that many; answered by their names, as a list; with "docker" each has a useless docker0
    {"nats": [{"kind": "symmetric", "hosts": [2, 3]}]}
                    puts hosts behind NATs, in the place of all that there were; answered by null
    {"loss": 0.3}   changes the weather (see WEATHER); answered by what was counted under the last one

At the end of standard input everything is removed.
"""
import fcntl, heapq, json, os, random, select, struct, subprocess, sys, time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x1, 0x1000

# Shares of the packets; milliseconds, one way; seconds of light and of darkness; which host is behind a NAT that
# gives it another address and another port after so many seconds.
WEATHER = {"loss": 0, "corruption": 0, "duplication": 0, "delay": 0, "jitter": 0, "light": 0, "dark": 0,
           "nat": 0, "rebinding": 0}


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


SERVER_PORT = 9999

# The third byte of an address outside a NAT; a host that changes its address has lower ones.
OUTSIDE = 201


class Nat:
    """One of the four kinds in tests/kit/nat.ts, without hairpin. Addresses are of 4 bytes and a port."""

    def __init__(self, kind, hosts):
        self.kind, self.hosts = kind, set(hosts)
        self.address = bytes((10, 77, OUTSIDE, hosts[0]))
        self.ports, self.mappings = {}, {}

    def leaves(self, inside, target):
        port = self.ports.setdefault((inside, target) if self.kind == "symmetric" else inside, 40001 + len(self.ports))
        self.mappings.setdefault(port, (inside, set()))[1].update((target[0], target))
        return self.address, port

    def enters(self, source, port):
        inside, sent_to = self.mappings.get(port, (None, ()))
        permission = source[0] if self.kind == "address-restricted" else source
        return inside if self.kind == "full cone" or permission in sent_to else None


class Network:
    def __init__(self):
        self.names, self.devices = [], {}
        self.waiting, self.serial, self.nats = [], 0, []
        self.change({})

    def add_host(self, docker):
        number = len(self.names) + 1
        name = f"parley-{os.getpid()}-{number}"
        run("ip", "netns", "add", name)
        self.names.append(name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        if docker:
            # Nobody reads what is sent there. It is made first, so that it is the first of the host's interfaces.
            self.add_device(name, f"pd{os.getpid()}n{number}"[-15:], "172.17.0.1/16", "docker0")
        self.devices[number] = self.add_device(name, f"pl{os.getpid()}n{number}"[-15:], f"10.77.0.{number}/16")

    def add_device(self, name, device, address, called=None):
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", device.encode(), IFF_TUN | IFF_NO_PI))
        run("ip", "link", "set", device, "netns", name)
        if called is not None:
            run("ip", "-n", name, "link", "set", device, "name", called)
        run("ip", "-n", name, "addr", "add", address, "dev", called or device)
        run("ip", "-n", name, "link", "set", called or device, "up")
        return fd

    def change(self, weather):
        self.weather = {**WEATHER, **weather}
        self.start = time.monotonic()
        self.dice = random.Random(self.weather.get("seed", 1))
        self.counts = {"packets": 0, "bytes": 0, "direct": 0, "lost": 0, "corrupted": 0}

    def binding(self):
        period = self.weather["rebinding"]
        return int((time.monotonic() - self.start) / period) % 200 + 1 if period else 0

    def take(self, packet):
        """Decides what becomes of a packet that has left a host."""
        weather, dice = self.weather, self.dice
        if packet[0] != 0x45 or packet[9] != 17:
            return
        packet = bytearray(packet)
        source, target = packet[15], packet[19]
        binding = self.binding()
        if binding and source == weather["nat"]:
            self.shift(packet, 12, 20, binding, binding)
        if binding and target == weather["nat"]:
            if packet[18] != binding:
                return
            self.shift(packet, 16, 22, 0, -binding)
        if self.nats and not self.translate(packet):
            return
        target = packet[19]
        if target not in self.devices or packet[18] != 0:
            return
        self.counts["packets"] += 1
        self.counts["bytes"] += len(packet) - 28
        self.counts["direct"] += SERVER_PORT not in struct.unpack_from("!HH", packet, 20)
        cycle = weather["light"] + weather["dark"]
        if cycle and (time.monotonic() - self.start) % cycle >= weather["light"] or dice.random() < weather["loss"]:
            self.counts["lost"] += 1
            return
        if dice.random() < weather["corruption"]:
            self.counts["corrupted"] += 1
            packet[28 + dice.randrange(len(packet) - 28)] ^= 1 << dice.randrange(8)
            # RFC 768: none was computed. Otherwise the host would drop it unseen.
            packet[26:28] = bytes(2)
        for _ in range(2 if dice.random() < weather["duplication"] else 1):
            self.serial += 1
            at = time.monotonic() + (weather["delay"] + dice.random() * weather["jitter"]) / 1000
            heapq.heappush(self.waiting, (at, self.serial, target, bytes(packet)))

    def translate(self, packet):
        """Puts in the addresses that NATs put in; false for a packet that one of them drops."""
        source, target = (
            (bytes(packet[at : at + 4]), struct.unpack_from("!H", packet, port)[0]) for at, port in ((12, 20), (16, 22))
        )
        behind = next((nat for nat in self.nats if source[0][3] in nat.hosts), None)
        before = next((nat for nat in self.nats if nat.address == target[0]), None)
        private = next((nat for nat in self.nats if target[0][2] == 0 and target[0][3] in nat.hosts), None)
        if private is not None:
            return private is behind
        if behind is not None:
            if before is behind:
                return False
            source = behind.leaves(source, target)
            self.rewrite(packet, 12, 20, *source)
        if before is not None:
            inside = before.enters(source, target[1])
            if inside is None:
                return False
            self.rewrite(packet, 16, 22, *inside)
        return True

    def shift(self, packet, address, port, binding, shift):
        number = (struct.unpack_from("!H", packet, port)[0] + shift) % 65536
        host = bytes(packet[address : address + 2]) + bytes((binding, packet[address + 3]))
        self.rewrite(packet, address, port, host, number)

    def rewrite(self, packet, at, port, host, number):
        packet[at : at + 4] = host
        struct.pack_into("!H", packet, port, number)
        packet[26:28] = bytes(2)
        packet[10:12] = bytes(2)
        total = sum(struct.unpack("!10H", packet[:20]))
        while total > 65535:
            total = (total & 65535) + (total >> 16)
        struct.pack_into("!H", packet, 10, 65535 - total)

    def deliver(self):
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            _, _, target, packet = heapq.heappop(self.waiting)
            try:
                os.write(self.devices[target], packet)
            except OSError:
                self.counts["lost"] += 1

    def carry(self):
        """Carries packets until a line comes; returns it, or an empty text at the end."""
        while True:
            now = time.monotonic()
            pause = max(0.0, self.waiting[0][0] - now) if self.waiting else None
            for fd in select.select([0, *self.devices.values()], [], [], pause)[0]:
                if fd == 0:
                    return sys.stdin.readline()
                for _ in range(64):
                    try:
                        self.take(os.read(fd, 65535))
                    except BlockingIOError:
                        break
            self.deliver()

    def remove(self):
        for name in self.names:
            subprocess.run(("ip", "netns", "delete", name), stderr=subprocess.DEVNULL)


def main():
    network = Network()
    try:
        while line := network.carry():
            order = json.loads(line)
            if "hosts" in order:
                for _ in range(order["hosts"]):
                    network.add_host(order.get("docker", False))
                answer = network.names
            elif "nats" in order:
                network.nats = [Nat(**nat) for nat in order["nats"]]
                answer = None
            else:
                answer = network.counts
                network.change(order)
            print(json.dumps(answer), flush=True)
    finally:
        network.remove()


main()
