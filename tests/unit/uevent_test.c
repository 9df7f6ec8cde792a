// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel says of devices: which of it is told, and who made the device. Needs no root.
 */
#include <string.h>

#include "kselftest_harness.h"

#include "uevent.h"

#define MESSAGE(text) ((struct cordon_uevent){ text, sizeof(text) })

#define USB(action, more)                                                                          \
	action "@/devices/pci0000:00/0000:00:14.0/usb1/1-2\0"                                      \
	       "ACTION=" action "\0"                                                               \
	       "DEVPATH=/devices/pci0000:00/0000:00:14.0/usb1/1-2\0"                               \
	       "SUBSYSTEM=usb\0MAJOR=189\0MINOR=3\0DEVNAME=bus/usb/001/004\0"                      \
	       "DEVTYPE=usb_device\0PRODUCT=781/5567/100\0TYPE=0/0/0\0BUSNUM=001\0DEVNUM=004\0"    \
	       "SEQNUM=4711" more

#define INPUT                                                                                      \
	"add@/devices/virtual/input/input7\0ACTION=add\0DEVPATH=/devices/virtual/input/input7\0"   \
	"SUBSYSTEM=input\0PRODUCT=3/46d/c52b/111\0NAME=\"Logitech USB Receiver\"\0UNIQ=\"\"\0"     \
	"PROP=0\0EV=17\0SEQNUM=1"

static bool is_told(struct cordon_uevent uevent)
{
	enum cordon_device_change change;

	return cordon_uevent_is_whole(uevent) && cordon_uevent_change(uevent, &change);
}

static enum cordon_device_change change_of(struct cordon_uevent uevent)
{
	enum cordon_device_change change = CORDON_DEVICE_CHANGE_COUNT;

	cordon_uevent_change(uevent, &change);
	return change;
}

TEST(a_usb_device)
{
	const struct cordon_uevent uevent = MESSAGE(USB("add", ""));

	ASSERT_TRUE(is_told(uevent));
	EXPECT_EQ(CORDON_DEVICE_ADDED, change_of(uevent));
	EXPECT_EQ(CORDON_DEVICE_REMOVED, change_of(MESSAGE(USB("remove", ""))));
	EXPECT_EQ(CORDON_DEVICE_CHANGED, change_of(MESSAGE(USB("change", ""))));
	EXPECT_STREQ("0781:5567", cordon_uevent_ids(uevent).text);
	EXPECT_STREQ("bus/usb/001/004", cordon_uevent_get(uevent, "DEVNAME"));
	EXPECT_STREQ("/devices/pci0000:00/0000:00:14.0/usb1/1-2",
		     cordon_uevent_get(uevent, "DEVPATH"));
	EXPECT_STREQ("", cordon_uevent_get(uevent, "DEV"));
	EXPECT_STREQ("", cordon_uevent_get(uevent, "NOTHING"));
}

TEST(a_driver_that_takes_it_is_no_news)
{
	EXPECT_FALSE(is_told(MESSAGE(USB("bind", ""))));
	EXPECT_FALSE(is_told(MESSAGE(USB("unbind", ""))));
}

TEST(what_somebody_asked_for_is_not_told)
{
	EXPECT_TRUE(is_told(MESSAGE(USB("add", "\0MORE=1"))));
	EXPECT_FALSE(is_told(MESSAGE(USB("add", "\0SYNTH_UUID=0"))));
}

TEST(an_interface_of_a_usb_device_is_not_told)
{
	EXPECT_FALSE(is_told(MESSAGE("add@/devices/x\0ACTION=add\0DEVPATH=/devices/x\0"
				     "SUBSYSTEM=usb\0DEVTYPE=usb_interface\0SEQNUM=1")));
}

TEST(an_input_device_once)
{
	const struct cordon_uevent node =
		MESSAGE("add@/devices/virtual/input/input7/event3\0ACTION=add\0"
			"DEVPATH=/devices/virtual/input/input7/event3\0SUBSYSTEM=input\0"
			"MAJOR=13\0MINOR=67\0DEVNAME=input/event3\0SEQNUM=2");

	ASSERT_TRUE(is_told(MESSAGE(INPUT)));
	EXPECT_STREQ("046d:c52b", cordon_uevent_ids(MESSAGE(INPUT)).text);
	EXPECT_FALSE(is_told(node));
}

TEST(other_subsystems)
{
	EXPECT_TRUE(is_told(MESSAGE("change@/d\0ACTION=change\0DEVPATH=/d\0SUBSYSTEM=block\0"
				    "DEVTYPE=disk\0DEVNAME=sr0\0DISK_MEDIA_CHANGE=1")));
	EXPECT_TRUE(is_told(MESSAGE("change@/d\0ACTION=change\0SUBSYSTEM=drm\0HOTPLUG=1")));
	EXPECT_FALSE(is_told(MESSAGE("change@/d\0ACTION=change\0SUBSYSTEM=drm")));
	EXPECT_FALSE(is_told(MESSAGE("add@/d\0ACTION=add\0SUBSYSTEM=net\0INTERFACE=eth0")));
	EXPECT_FALSE(is_told(MESSAGE("add@/d\0ACTION=add")));
	EXPECT_STREQ("8086:100e", cordon_uevent_ids(MESSAGE("add@/d\0ACTION=add\0SUBSYSTEM=pci\0"
							    "PCI_ID=8086:100E"))
					  .text);
}

TEST(what_is_cut)
{
	static const char whole[] = USB("add", "");

	EXPECT_FALSE(cordon_uevent_is_whole((struct cordon_uevent){ whole, 0 }));
	for (size_t size = 1; size < sizeof(whole); size++)
		EXPECT_EQ(!whole[size - 1],
			  cordon_uevent_is_whole((struct cordon_uevent){ whole, size }));
}

TEST(numbers_that_are_none)
{
	static const char *const products[] = { "", "/", "x/y/z", "1", "1/", ":", "12345/6/7" };

	for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++) {
		char text[64] = "SUBSYSTEM=usb";

		strcpy(text + strlen(text) + 1, "PRODUCT=");
		strcat(text + sizeof("SUBSYSTEM=usb"), products[i]);
		EXPECT_STREQ("",
			     cordon_uevent_ids((struct cordon_uevent){ text, sizeof(text) }).text);
	}
}

TEST_HARNESS_MAIN
