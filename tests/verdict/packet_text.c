// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets as text: see packet_text.h.  Layers are appended one by one; lengths
 * and next headers are filled in when all of them stand.
 */
#include "packet_text.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LAYERS_MAX 24
#define WORDS_MAX 24

enum layer_kind {
	LAYER_ETHER,
	LAYER_VLAN,
	LAYER_ARP,
	LAYER_IPV4,
	LAYER_IPV6,
	LAYER_EXTENSION,
	LAYER_UDP,
	LAYER_OTHER,
};

/* @protocol: of the layer as the one before it names it; @given: fields that the text sets */
struct layer {
	enum layer_kind kind;
	uint32_t at;
	uint16_t ethertype;
	uint8_t protocol;
	bool next_given;
	bool length_given;
};

struct writer {
	struct frame *frame;
	struct layer layers[LAYERS_MAX];
	unsigned int nr_layers;
	char *words[WORDS_MAX];
	unsigned int nr_words;
	uint32_t pad;
	uint32_t cut;
	bool has_cut;
};

static const char *word_after(const struct writer *writer, const char *key)
{
	for (unsigned int i = 1; i + 1 < writer->nr_words; i++) {
		if (!strcmp(writer->words[i], key))
			return writer->words[i + 1];
	}
	return NULL;
}

static bool has_word(const struct writer *writer, const char *key)
{
	for (unsigned int i = 1; i < writer->nr_words; i++) {
		if (!strcmp(writer->words[i], key))
			return true;
	}
	return false;
}

static uint32_t number(const struct writer *writer, const char *key, uint32_t otherwise)
{
	const char *word = word_after(writer, key);

	return word ? (uint32_t)strtoul(word, NULL, 0) : otherwise;
}

static uint32_t hex_number(const struct writer *writer, const char *key, uint32_t otherwise)
{
	const char *word = word_after(writer, key);

	return word ? (uint32_t)strtoul(word, NULL, 16) : otherwise;
}

static uint32_t word_number(const struct writer *writer, unsigned int index)
{
	return index < writer->nr_words ? (uint32_t)strtoul(writer->words[index], NULL, 0) : 0;
}

/* Room for @size zero bytes; NULL if the frame is full. */
static uint8_t *append(struct writer *writer, uint32_t size)
{
	uint8_t *at = writer->frame->bytes + writer->frame->size;

	if (size > FRAME_MAX - writer->frame->size)
		return NULL;
	memset(at, 0, size);
	writer->frame->size += size;
	return at;
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

static struct layer *open_layer(struct writer *writer, enum layer_kind kind, uint16_t ethertype,
				uint8_t protocol)
{
	struct layer *layer = &writer->layers[writer->nr_layers++];

	*layer = (struct layer){ .kind = kind,
				 .at = writer->frame->size,
				 .ethertype = ethertype,
				 .protocol = protocol };
	return layer;
}

static const char *write_ether(struct writer *writer)
{
	struct layer *layer = open_layer(writer, LAYER_ETHER, 0, 0);
	uint8_t *at = append(writer, 14);

	memcpy(at, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02", 12);
	if (has_word(writer, "other"))
		at[5] = 9;
	layer->next_given = word_after(writer, "type");
	put16(at + 12, hex_number(writer, "type", 0));
	return NULL;
}

static const char *write_vlan(struct writer *writer)
{
	const bool outer = !strcmp(writer->words[0], "qinq");
	struct layer *layer = open_layer(writer, LAYER_VLAN, outer ? 0x88a8 : 0x8100, 0);
	uint8_t *at = append(writer, 4);

	layer->next_given = word_after(writer, "type");
	put16(at, word_number(writer, 1));
	put16(at + 2, hex_number(writer, "type", 0));
	return NULL;
}

static const char *write_arp(struct writer *writer)
{
	uint8_t *at;

	open_layer(writer, LAYER_ARP, 0x0806, 0);
	at = append(writer, 28);
	put16(at, number(writer, "hw", 1));
	put16(at + 2, hex_number(writer, "proto", 0x0800));
	at[4] = (uint8_t)number(writer, "hwsize", 6);
	at[5] = (uint8_t)number(writer, "protosize", 4);
	put16(at + 6, number(writer, "op", 1));
	return NULL;
}

static const char *write_hex(struct writer *writer, const char *digits)
{
	char pair[3] = "";
	uint8_t *at = append(writer, (uint32_t)strlen(digits) / 2);

	if (!at)
		return "too long";
	for (; digits[0] && digits[1]; digits += 2) {
		memcpy(pair, digits, 2);
		*at++ = (uint8_t)strtoul(pair, NULL, 16);
	}
	return NULL;
}

static const char *write_ipv4(struct writer *writer)
{
	struct layer *layer = open_layer(writer, LAYER_IPV4, 0x0800, 4);
	const char *options = word_after(writer, "opt");
	const uint32_t header = 20 + (options ? (uint32_t)strlen(options) / 2 : 0);
	uint8_t *at = append(writer, 20);

	at[0] = (uint8_t)(number(writer, "ver", 4) << 4 | number(writer, "ihl", header / 4));
	put16(at + 2, number(writer, "len", 0));
	put16(at + 4, number(writer, "id", 0));
	put16(at + 6, number(writer, "off", 0) / 8 | (has_word(writer, "mf") ? 0x2000 : 0));
	at[8] = (uint8_t)number(writer, "ttl", 64);
	at[9] = (uint8_t)number(writer, "proto", 0);
	layer->next_given = word_after(writer, "proto");
	layer->length_given = word_after(writer, "len");
	if (inet_pton(AF_INET, writer->words[1], at + 12) != 1 ||
	    inet_pton(AF_INET, writer->words[3], at + 16) != 1)
		return "not an IPv4 address";
	return options ? write_hex(writer, options) : NULL;
}

static const char *write_ipv6(struct writer *writer)
{
	struct layer *layer = open_layer(writer, LAYER_IPV6, 0x86dd, 41);
	uint8_t *at = append(writer, 40);

	at[0] = (uint8_t)(number(writer, "ver", 6) << 4);
	put16(at + 4, number(writer, "len", 0));
	at[6] = (uint8_t)number(writer, "next", 59);
	at[7] = (uint8_t)number(writer, "hop", 64);
	layer->next_given = word_after(writer, "next");
	layer->length_given = word_after(writer, "len");
	if (inet_pton(AF_INET6, writer->words[1], at + 8) != 1 ||
	    inet_pton(AF_INET6, writer->words[3], at + 24) != 1)
		return "not an IPv6 address";
	return NULL;
}

static uint8_t extension_protocol(const char *name)
{
	if (!strcmp(name, "hop"))
		return 0;
	if (!strcmp(name, "route"))
		return 43;
	if (!strcmp(name, "frag"))
		return 44;
	return strcmp(name, "ah") ? 60 : 51;
}

static const char *write_extension(struct writer *writer)
{
	const uint8_t protocol = extension_protocol(writer->words[0]);
	const uint32_t size = number(writer, "size", protocol == 51 ? 1 : 0);
	struct layer *layer = open_layer(writer, LAYER_EXTENSION, 0, protocol);
	uint8_t *at = append(writer, protocol == 51 ? (size + 2) * 4 : 8 + size * 8);

	if (!at)
		return "too long";
	layer->next_given = word_after(writer, "next");
	at[0] = (uint8_t)number(writer, "next", 59);
	at[1] = (uint8_t)size;
	at[2] = (uint8_t)number(writer, "type", protocol == 43 ? 2 : 0);
	at[3] = (uint8_t)number(writer, "left", 0);
	return NULL;
}

static const char *write_fragment(struct writer *writer)
{
	struct layer *layer = open_layer(writer, LAYER_EXTENSION, 0, 44);
	uint8_t *at = append(writer, 8);

	layer->next_given = word_after(writer, "next");
	at[0] = (uint8_t)number(writer, "next", 59);
	put16(at + 2, number(writer, "off", 0) | has_word(writer, "mf"));
	put32(at + 4, number(writer, "id", 0));
	return NULL;
}

static uint8_t tcp_flags(const char *letters)
{
	static const char known[] = "FSRPAU";
	uint8_t flags = 0;

	for (; *letters; letters++) {
		const char *found = strchr(known, *letters);

		if (found)
			flags |= (uint8_t)(1U << (found - known));
	}
	return flags;
}

static const char *write_tcp(struct writer *writer)
{
	uint8_t *at;

	if (writer->nr_words < 5)
		return "tcp PORT > PORT FLAGS";
	open_layer(writer, LAYER_OTHER, 0, 6);
	at = append(writer, 20);
	put16(at, word_number(writer, 1));
	put16(at + 2, word_number(writer, 3));
	at[12] = (uint8_t)(number(writer, "doff", 5) << 4);
	at[13] = tcp_flags(writer->words[4]);
	return NULL;
}

static const char *write_ports(struct writer *writer, uint8_t protocol)
{
	struct layer *layer =
		open_layer(writer, protocol == 17 ? LAYER_UDP : LAYER_OTHER, 0, protocol);
	uint8_t *at = append(writer, protocol == 132 || protocol == 33 ? 12 : 8);

	put16(at, word_number(writer, 1));
	put16(at + 2, word_number(writer, 3));
	layer->length_given = word_after(writer, "len");
	if (protocol == 17)
		put16(at + 4, number(writer, "len", 0));
	return NULL;
}

static const char *write_icmp(struct writer *writer, uint8_t protocol)
{
	uint8_t *at;

	open_layer(writer, LAYER_OTHER, 0, protocol);
	at = append(writer, 8);
	at[0] = (uint8_t)word_number(writer, 1);
	at[1] = (uint8_t)word_number(writer, 2);
	put16(at + 4, number(writer, "id", 0));
	return NULL;
}

static const char *write_dhcp(struct writer *writer)
{
	uint8_t *at = append(writer, 240);

	at[0] = (uint8_t)word_number(writer, 1);
	at[1] = (uint8_t)number(writer, "hw", 1);
	put32(at + 236, hex_number(writer, "cookie", 0x63825363));
	return NULL;
}

static const char *write_rest(struct writer *writer, const char *name)
{
	static const struct {
		const char *name;
		uint8_t protocol;
	} ports[] = { { "udp", 17 }, { "udplite", 136 }, { "sctp", 132 }, { "dccp", 33 } };

	for (unsigned int i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
		if (!strcmp(name, ports[i].name))
			return write_ports(writer, ports[i].protocol);
	}
	if (!strcmp(name, "data"))
		return append(writer, word_number(writer, 1)) ? NULL : "too long";
	if (!strcmp(name, "hex"))
		return write_hex(writer, writer->nr_words > 1 ? writer->words[1] : "");
	if (!strcmp(name, "dhcp"))
		return write_dhcp(writer);
	if (!strcmp(name, "pad")) {
		writer->pad = word_number(writer, 1);
		return NULL;
	}
	if (!strcmp(name, "cut")) {
		writer->cut = word_number(writer, 1);
		writer->has_cut = true;
		return NULL;
	}
	return "no such layer";
}

static const char *write_network(struct writer *writer, const char *name)
{
	if (!strcmp(name, "ip4") || !strcmp(name, "ip6")) {
		if (writer->nr_words < 4)
			return "SRC > DST";
		return strcmp(name, "ip4") ? write_ipv6(writer) : write_ipv4(writer);
	}
	if (!strcmp(name, "frag"))
		return write_fragment(writer);
	if (!strcmp(name, "hop") || !strcmp(name, "dst") || !strcmp(name, "route") ||
	    !strcmp(name, "ah"))
		return write_extension(writer);
	if (!strcmp(name, "tcp"))
		return write_tcp(writer);
	if (!strcmp(name, "icmp") || !strcmp(name, "icmp6"))
		return write_icmp(writer, strcmp(name, "icmp") ? 58 : 1);
	return write_rest(writer, name);
}

static const char *write_layer(struct writer *writer)
{
	const char *name = writer->nr_words ? writer->words[0] : "";

	if (writer->nr_layers >= LAYERS_MAX || writer->frame->size > FRAME_MAX - 64)
		return "too many layers";
	if (!strcmp(name, "eth"))
		return write_ether(writer);
	if (!writer->frame->size) {
		const unsigned int words = writer->nr_words;

		writer->nr_words = 1;
		write_ether(writer);
		writer->nr_words = words;
	}
	if (!strcmp(name, "vlan") || !strcmp(name, "qinq"))
		return write_vlan(writer);
	if (!strcmp(name, "arp"))
		return write_arp(writer);
	return write_network(writer, name);
}

static void name_next(const struct writer *writer, const struct layer *layer)
{
	uint8_t *at = writer->frame->bytes + layer->at;
	const struct layer *next = layer + 1;

	if (layer->next_given || next == writer->layers + writer->nr_layers)
		return;
	if (layer->kind == LAYER_ETHER)
		put16(at + 12, next->ethertype);
	if (layer->kind == LAYER_VLAN)
		put16(at + 2, next->ethertype);
	if (layer->kind == LAYER_IPV4)
		at[9] = next->protocol;
	if (layer->kind == LAYER_IPV6)
		at[6] = next->protocol;
	if (layer->kind == LAYER_EXTENSION)
		at[0] = next->protocol;
}

static void fill_length(const struct writer *writer, const struct layer *layer)
{
	const uint32_t size = writer->frame->size - layer->at;
	uint8_t *at = writer->frame->bytes + layer->at;

	if (layer->length_given)
		return;
	if (layer->kind == LAYER_IPV4)
		put16(at + 2, size);
	if (layer->kind == LAYER_IPV6)
		put16(at + 4, size - 40);
	if (layer->kind == LAYER_UDP)
		put16(at + 4, size);
}

/* Real stacks look at it before anything else. */
static void fill_checksum(const struct writer *writer, const struct layer *layer)
{
	uint8_t *at = writer->frame->bytes + layer->at;
	const uint32_t size = (at[0] & 0xfU) * 4;
	uint32_t sum = 0;

	if (layer->kind != LAYER_IPV4 || layer->at + size > writer->frame->size)
		return;
	for (uint32_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)(at[i] << 8 | at[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	put16(at + 10, ~(sum + (sum >> 16)));
}

static void finish(struct writer *writer)
{
	for (unsigned int i = 0; i < writer->nr_layers; i++) {
		name_next(writer, &writer->layers[i]);
		fill_length(writer, &writer->layers[i]);
		fill_checksum(writer, &writer->layers[i]);
	}
	if (writer->pad > writer->frame->size)
		append(writer, writer->pad - writer->frame->size);
	if (writer->has_cut && writer->cut < writer->frame->size)
		writer->frame->size = writer->cut;
}

const char *packet_text_build(const char *text, struct frame *ret_frame)
{
	struct writer writer = { .frame = ret_frame };
	char *copy = strdup(text), *layer_state = NULL, *word_state;
	const char *wrong = copy ? NULL : "no memory";

	ret_frame->size = 0;
	for (char *layer = copy ? strtok_r(copy, "/", &layer_state) : NULL; layer && !wrong;
	     layer = strtok_r(NULL, "/", &layer_state)) {
		writer.nr_words = 0;
		for (char *word = strtok_r(layer, " \t", &word_state);
		     word && writer.nr_words < WORDS_MAX; word = strtok_r(NULL, " \t", &word_state))
			writer.words[writer.nr_words++] = word;
		wrong = write_layer(&writer);
	}
	if (!wrong)
		finish(&writer);
	free(copy);
	return wrong;
}
