// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Maps that hold nothing themselves, but say how those of a generation are made:
 * size of a value, flags, and the types by which a dump reads like the policy.
 */
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "fault.h"
#include "load_object.h"
#include "load_pin.h"
#include "util/array.h"
#include "util/cleanup.h"

/* Values of the tables of a generation, by the name of their struct. */
static const struct {
	const char *pin;
	const char *type;
	uint32_t size;
	uint32_t flags;
} templates[] = {
	{ "settings", "cordon_settings", sizeof(struct cordon_settings), BPF_F_MMAPABLE },
	{ "head", "cordon_head", sizeof(struct cordon_head), BPF_F_MMAPABLE },
	{ "prefixes", "cordon_prefix_page", sizeof(struct cordon_prefix_page),
	  BPF_F_MMAPABLE | BPF_F_INNER_MAP },
	{ "matrix", "cordon_cell", sizeof(struct cordon_cell), BPF_F_MMAPABLE | BPF_F_INNER_MAP },
	{ "pages", "cordon_page", sizeof(struct cordon_page), BPF_F_MMAPABLE | BPF_F_INNER_MAP },
	{ "classes", "cordon_class", sizeof(struct cordon_class),
	  BPF_F_MMAPABLE | BPF_F_INNER_MAP },
	{ "flows", "cordon_flow_bucket", sizeof(struct cordon_flow_bucket),
	  BPF_F_MMAPABLE | BPF_F_INNER_MAP },
	{ "notes", "cordon_note_bucket", sizeof(struct cordon_note_bucket),
	  BPF_F_MMAPABLE | BPF_F_INNER_MAP },
	{ "zones", "cordon_zone", sizeof(struct cordon_zone), BPF_F_MMAPABLE | BPF_F_INNER_MAP },
};

/* No program reads the zones, so no object has their outer map. */
static int make_zones_of(const struct cordon_context *context)
{
	const char *name = cordon_map_name(CORDON_MAP_ZONES_OF);
	const struct cordon_path path = cordon_path_pin(context, "maps", name);
	LIBBPF_OPTS(bpf_map_create_opts, options);
	int inner CLEANUP(close) = -1, fd CLEANUP(close) = -1;
	int error;

	if (cordon_pin_stands(context, CORDON_PIN_MAPS, name))
		return 0;
	inner = cordon_pin_open(context, CORDON_PIN_MAPS, "zones");
	if (inner < 0)
		return inner;
	options.inner_map_fd = (__u32)inner;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, name, sizeof(__u32), sizeof(__u32),
			    CORDON_SLOTS, &options);
	if (fd < 0)
		return fd;
	error = bpf_obj_pin(fd, path.text);
	cordon_step("pin zones_of");
	return error;
}

/* One of an earlier version would not fit into the outer maps. */
static bool template_stands(const struct cordon_path *path, uint32_t flags)
{
	int fd CLEANUP(close) = bpf_obj_get(path->text);
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);

	return fd >= 0 && !bpf_map_get_info_by_fd(fd, &info, &size) && info.map_flags == flags;
}

/* A map whose dump reads like the policy: its types are named in the BTF of
 * the object. Later generations take theirs from this map. */
static int make_template(const struct cordon_context *context, const struct btf *btf, int btf_fd,
			 size_t index)
{
	const struct cordon_path path = cordon_path_pin(context, "maps", templates[index].pin);
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = templates[index].flags);
	int key, value, fd CLEANUP(close) = -1;

	if (template_stands(&path, templates[index].flags))
		return 0;
	key = btf__find_by_name_kind(btf, "__u32", BTF_KIND_TYPEDEF);
	value = btf__find_by_name_kind(btf, templates[index].type, BTF_KIND_STRUCT);
	if (key > 0 && value > 0) {
		options.btf_fd = (__u32)btf_fd;
		options.btf_key_type_id = (__u32)key;
		options.btf_value_type_id = (__u32)value;
	}
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, templates[index].pin, sizeof(__u32),
			    templates[index].size, 1, &options);
	if (fd < 0)
		return fd;
	return cordon_pin_over(fd, &path);
}

bool cordon_templates_stand(const struct cordon_context *context)
{
	for (size_t i = 0; i < ARRAY_SIZE(templates); i++) {
		if (!cordon_pin_stands(context, CORDON_PIN_MAPS, templates[i].pin))
			return false;
	}
	return true;
}

int cordon_templates_make(const struct cordon_context *context, const struct btf *btf, int btf_fd,
			  struct cordon_failure *failure)
{
	int error;

	for (size_t i = 0; i < ARRAY_SIZE(templates); i++) {
		error = make_template(context, btf, btf_fd, i);
		if (error)
			return cordon_fail(failure, error, "cannot make maps/%s: %s",
					   templates[i].pin, strerror(-error));
	}
	error = make_zones_of(context);
	return error ? cordon_fail(failure, error, "cannot make maps/zones_of: %s",
				   strerror(-error)) :
		       0;
}
